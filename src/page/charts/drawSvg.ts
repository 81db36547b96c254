import type { Theme } from '../theme.js';
import { init } from './echarts.js';
import type { ChartOption } from './option.js';

export interface PictureShape {
  widthPx: number;
  heightPx: number;
  title: string;
}

/** A chart as an SVG text, without a browser. The same option gives the same bytes, however many were drawn before. */
export function drawSvg(
  option: ChartOption,
  theme: Theme,
  { widthPx, heightPx, title }: PictureShape,
): string {
  const chart = init(null, null, { renderer: 'svg', ssr: true, width: widthPx, height: heightPx });
  try {
    chart.setOption({ ...option, backgroundColor: theme.background });
    return titled(renumbered(chart.renderToSVGString()), title);
  } finally {
    // A chart that is not disposed may keep its process from ending.
    chart.dispose();
  }
}

/** ECharts numbers its names through the whole process: here they count from 0 in each picture. */
function renumbered(svg: string): string {
  const names = new Map<string, string>();
  return svg.replaceAll(/\bzr\d+-[a-z]+-?\d+\b/g, (name) => {
    const known = names.get(name);
    if (known !== undefined) return known;
    const next = `z${names.size}`;
    names.set(name, next);
    return next;
  });
}

function titled(svg: string, title: string): string {
  const text = title.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return svg.replace(
    /^<svg ([^>]*)>/,
    (_, attributes: string) => `<svg role="img" ${attributes}>\n<title>${text}</title>`,
  );
}

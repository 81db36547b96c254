import type { ChartOption } from '../../../page/charts/option.js';
import { PICTURES_FOLDER } from '../../../io/runFolder/runPaths.js';
import type { ReportData } from '../../../page/report/reportData.js';

/** The charts of the package, drawn without a browser. */
export type NodeCharts = typeof import('#charts');

export interface Picture {
  /** Path inside the run folder. */
  file: string;
  /** What it shows, for who does not see it. */
  title: string;
  svg: string;
}

/** Columns whose histogram stands on the card. */
const ON_CARD = ['difficulty', 'reward'];

/** The pictures of a data set card: they follow from the rows alone, so another run of the same rows has the same. */
export function picturesOf(
  data: Pick<ReportData, 'funnelChart' | 'histograms' | 'density'>,
  charts: NodeCharts,
): Picture[] {
  const theme = charts.THEMES.light;
  const picture = (name: string, title: string, heightPx: number, option: ChartOption): Picture => ({
    ...{ file: `${PICTURES_FOLDER}/${name}.svg`, title },
    svg: `${charts.drawSvg(option, theme, { widthPx: 640, heightPx, title })}\n`,
  });
  const { funnelChart, histograms, density } = data;
  return [
    picture(
      'funnel',
      'Rows that each step kept and lost',
      charts.funnelHeightPx(funnelChart),
      charts.funnelOption(funnelChart, theme),
    ),
    ...ON_CARD.flatMap((name) => {
      const found = histograms.find(({ label }) => label === name);
      return found
        ? [picture(name, `Rows of the set by ${name}`, 260, charts.histogramOption(found, theme))]
        : [];
    }),
    ...(density
      ? [picture('density', 'Difficulty against reward', 300, charts.densityOption(density, theme))]
      : []),
  ];
}

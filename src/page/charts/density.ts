import type { Theme } from '../theme.js';
import { formatNumber } from './format.js';
import { type ChartOption, axisOf, baseOption } from './option.js';

export interface DensityData {
  /** Names of the two axes. */
  x: string;
  y: string;
  /** Borders of the cells along each axis, rising. */
  xEdges: readonly number[];
  yEdges: readonly number[];
  /** Rows in each cell: `counts[yAt * columns + xAt]`. */
  counts: readonly number[];
}

/** How often two numbers of a row meet: cells, for twenty thousand dots are megabytes and one blot. */
export function densityOption(data: DensityData, theme: Theme): ChartOption {
  const { x, y, xEdges, yEdges, counts } = data;
  const columns = xEdges.length - 1;
  const cells = counts.flatMap((rows, at) =>
    rows > 0 ? [[at % columns, Math.floor(at / columns), rows]] : [],
  );
  const most = Math.max(1, ...counts);
  const text = `${x} against ${y}: ${formatNumber(counts.reduce((sum, rows) => sum + rows, 0))} rows.`;
  return {
    ...baseOption(theme, text),
    tooltip: {
      ...(baseOption(theme, '').tooltip as object),
      formatter: ({ value }: { value: [number, number, number] }) =>
        `${inRange(x, xEdges, value[0])}<br>${inRange(y, yEdges, value[1])}<br>${formatNumber(value[2])} rows`,
    },
    visualMap: {
      ...{ type: 'continuous', min: 1, max: most, orient: 'horizontal', top: 0, right: 0, calculable: false },
      ...{ itemWidth: 10, itemHeight: 120, text: [`${formatNumber(most)} rows`, '1'] },
      textStyle: { color: theme.faint },
      inRange: { color: theme.ramp },
    },
    xAxis: cellAxes(theme, x, xEdges, { position: 'bottom', nameGap: 24 }),
    yAxis: cellAxes(theme, y, yEdges, { position: 'left', nameGap: 40 }),
    series: [{ type: 'heatmap', data: cells, itemStyle: { borderWidth: 0 } }],
  };
}

/** The cells stand on an axis of categories; what is read is a second one of numbers. */
function cellAxes(theme: Theme, name: string, edges: readonly number[], own: ChartOption): ChartOption[] {
  return [
    axisOf(theme, '', { type: 'category', data: edges.slice(0, -1), show: false }),
    axisOf(theme, name, {
      ...{
        type: 'value',
        min: edges[0],
        max: edges.at(-1),
        splitLine: { show: false },
        axisLabel: { formatter: formatNumber },
      },
      ...own,
    }),
  ];
}

/** The names of the axes are columns of the project; what a user may have named is taken as text. */
function inRange(name: string, edges: readonly number[], at: number): string {
  return `${escaped(name)} ${formatNumber(edges[at]!)} – ${formatNumber(edges[at + 1]!)}`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}

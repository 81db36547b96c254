import type { Theme } from '../theme.js';
import { formatNumber, formatShare } from './format.js';
import { type ChartOption, axisOf, baseOption } from './option.js';

/** How many rows have each value of a column that has few. */
export interface ValuesData {
  /** The column. */
  label: string;
  /** The most frequent first. */
  counts: readonly { value: string; rows: number }[];
}

/** Height of a picture of so many values, in pixels. */
export function valuesHeightPx({ counts }: ValuesData): number {
  return 48 + 24 * counts.length;
}

/** A bar for each value, from the top, with its share of the rows. */
export function valuesOption({ label, counts }: ValuesData, theme: Theme): ChartOption {
  const rows = counts.reduce((sum, each) => sum + each.rows, 0);
  const base = baseOption(theme, `${label}: ${formatNumber(rows)} rows with ${counts.length} values.`);
  return {
    ...base,
    grid: { ...(base.grid as object), top: 12, right: 64 },
    tooltip: { ...(base.tooltip as object), trigger: 'axis', axisPointer: { type: 'shadow' } },
    xAxis: axisOf(theme, '', { type: 'value', minInterval: 1, axisLabel: { formatter: formatNumber } }),
    yAxis: axisOf(theme, '', {
      ...{ type: 'category', inverse: true, data: counts.map(({ value }) => value) },
      axisLabel: { color: theme.text, interval: 0, width: 150, overflow: 'truncate' },
      axisTick: { show: false },
    }),
    series: [
      {
        ...{ name: 'rows', type: 'bar', barWidth: 14 },
        data: counts.map((each) => ({
          value: each.rows,
          label: {
            ...{ show: true, position: 'right', color: theme.faint },
            formatter: formatShare(each.rows, rows),
          },
        })),
        itemStyle: { color: theme.kept },
      },
    ],
  };
}

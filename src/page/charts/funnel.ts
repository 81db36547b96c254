import type { Theme } from '../theme.js';
import { formatNumber, formatShare } from './format.js';
import { type ChartOption, axisOf, baseOption, legendOf } from './option.js';

export interface FunnelData {
  steps: readonly { step: string; kept: number; dropped: number; rejected: number }[];
}

/** Height of a picture of so many steps, in pixels. */
export function funnelHeightPx({ steps }: FunnelData): number {
  return 60 + 26 * steps.length;
}

/** A bar for each step, from the top: rows that went on, that it dropped, that an error rejected. */
export function funnelOption({ steps }: FunnelData, theme: Theme): ChartOption {
  const kinds = (['kept', 'dropped', 'rejected'] as const).filter((kind) =>
    steps.some((step) => step[kind] > 0),
  );
  const last = steps.at(-1)?.kept ?? 0;
  return {
    ...baseOption(theme, `${steps.length} steps; ${formatNumber(last)} rows are left after the last.`),
    legend: legendOf(
      theme,
      kinds.map((name) => ({ name })),
    ),
    grid: { left: 8, right: 64, top: 32, bottom: 8, outerBoundsMode: 'same', outerBoundsContain: 'all' },
    tooltip: {
      ...(baseOption(theme, '').tooltip as object),
      trigger: 'axis',
      axisPointer: { type: 'shadow' },
    },
    xAxis: axisOf(theme, '', { type: 'value', axisLabel: { formatter: formatNumber } }),
    yAxis: axisOf(theme, '', {
      ...{ type: 'category', inverse: true, data: steps.map(({ step }) => step) },
      axisLabel: { color: theme.text, interval: 0, width: 150, overflow: 'truncate' },
      axisTick: { show: false },
    }),
    series: [
      ...kinds.map((kind) => ({
        ...{ name: kind, type: 'bar', stack: 'rows', barWidth: 16, data: steps.map((step) => step[kind]) },
        itemStyle: { color: theme[kind] },
      })),
      // The text at the end of each bar: the share that went on.
      {
        ...{ name: 'went on', type: 'bar', stack: 'rows', silent: true, tooltip: { show: false } },
        data: steps.map(({ kept, dropped, rejected }) => ({
          value: 0,
          label: {
            ...{ show: true, position: 'right', color: theme.faint },
            formatter: formatShare(kept, kept + dropped + rejected),
          },
        })),
      },
    ],
  };
}

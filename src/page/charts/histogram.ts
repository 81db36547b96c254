import type { Theme } from '../theme.js';
import { formatNumber } from './format.js';
import { type ChartOption, axisOf, baseOption, legendOf } from './option.js';

export interface HistogramData {
  /** What is counted, and its axis: `difficulty`. */
  label: string;
  /** Borders of the bins: one more than there are bins, rising. */
  edges: readonly number[];
  series: readonly HistogramSeries[];
  /** Thresholds: a line at each. */
  marks?: readonly { at: number; label: string }[];
}

export interface HistogramSeries {
  name: string;
  /** Decides the colour. */
  kind: 'kept' | 'dropped' | 'rejected' | 'other';
  /** Rows in each bin. */
  counts: readonly number[];
}

/** Bars that touch, stacked. */
export function histogramOption(data: HistogramData, theme: Theme): ChartOption {
  const { edges, label, series, marks = [] } = data;
  const names = edges
    .slice(0, -1)
    .map((from, at) => `${formatNumber(from)} – ${formatNumber(edges[at + 1]!)}`);
  const rows = series.reduce((sum, { counts }) => sum + sumOf(counts), 0);
  const base = baseOption(
    theme,
    `Histogram of ${label}: ${formatNumber(rows)} rows in ${names.length} bins.`,
  );
  return {
    ...base,
    legend: { ...legendOf(theme, series), show: series.length > 1 },
    ...(series.length === 1 && { grid: { ...(base.grid as object), top: 12 } }),
    ...(marks.length > 0 && { grid: { ...(base.grid as object), top: 48 } }),
    tooltip: {
      ...(base.tooltip as object),
      trigger: 'axis',
      axisPointer: { type: 'shadow' },
    },
    xAxis: [
      axisOf(theme, '', { type: 'category', data: names, show: false }),
      // The borders of the bins are numbers, which an axis of categories does not show.
      axisOf(theme, label, {
        type: 'value',
        position: 'bottom',
        min: edges[0],
        max: edges.at(-1),
        nameGap: 24,
        splitLine: { show: false },
        axisPointer: { show: false },
        axisLabel: { formatter: formatNumber },
      }),
    ],
    yAxis: axisOf(theme, 'rows', {
      type: 'value',
      minInterval: 1,
      nameGap: 40,
      axisLabel: { formatter: formatNumber },
    }),
    series: [
      ...series.map(({ name, kind, counts }) => ({
        ...{ name, type: 'bar', stack: 'rows', barCategoryGap: '6%', data: counts },
        itemStyle: { color: theme[kind] },
      })),
      ...(marks.length > 0 ? [markLines(marks, theme)] : []),
    ],
  };
}

function markLines(marks: readonly { at: number; label: string }[], theme: Theme): ChartOption {
  return {
    ...{ name: 'thresholds', type: 'line', xAxisIndex: 1, data: [], silent: true },
    markLine: {
      symbol: 'none',
      label: { color: theme.text, formatter: '{b}', position: 'end' },
      lineStyle: { color: theme.text, type: 'dashed', width: 1.5 },
      data: marks.map(({ at, label }) => ({ xAxis: at, name: label })),
    },
  };
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

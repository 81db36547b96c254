import type { Theme } from '../theme.js';
import { formatNumber, formatSpan } from './format.js';
import { type ChartOption, axisOf, baseOption, legendOf } from './option.js';

export interface LinesData {
  /** What the lines show: `tokens/s`. */
  label: string;
  /** `[seconds since the start, value]` in order; null leaves a gap. */
  series: readonly { name: string; points: readonly (readonly [number, number | null])[] }[];
}

/** Points that a line has at most: more than there are pixels are bytes for nothing. */
const POINTS_MAX = 600;

/** Values over the time of a run. The axis counts seconds from the start, so that no time zone changes a picture. */
export function linesOption(data: LinesData, theme: Theme): ChartOption {
  const { label, series } = data;
  const base = baseOption(theme, `${label} over time: ${series.map(({ name }) => name).join(', ')}.`);
  return {
    ...base,
    legend: { ...legendOf(theme, series), show: series.length > 1 },
    ...(series.length === 1 && { grid: { ...(base.grid as object), top: 12 } }),
    tooltip: {
      ...(base.tooltip as object),
      trigger: 'axis',
      valueFormatter: (value: unknown) => (typeof value === 'number' ? formatNumber(value) : '–'),
    },
    xAxis: axisOf(theme, 'time since the start', {
      ...{ type: 'value', min: 'dataMin', max: 'dataMax', nameGap: 24, splitLine: { show: false } },
      axisLabel: { formatter: formatSpan },
      axisPointer: { label: { formatter: ({ value }: { value: number }) => formatSpan(value) } },
    }),
    yAxis: axisOf(theme, label, {
      type: 'value',
      min: 0,
      nameGap: 44,
      axisLabel: { formatter: formatNumber },
    }),
    series: series.map(({ name, points }) => ({
      ...{ name, type: 'line', showSymbol: false, data: thinned(points, POINTS_MAX) },
      lineStyle: { width: 1.5 },
    })),
  };
}

/** At most so many points, evenly, the last one among them. */
export function thinned<Point>(points: readonly Point[], pointsMax: number): readonly Point[] {
  if (points.length <= pointsMax) return points;
  const step = (points.length - 1) / (pointsMax - 1);
  return Array.from({ length: pointsMax }, (_, at) => points[Math.round(at * step)]!);
}

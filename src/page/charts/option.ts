import type { Theme } from '../theme.js';

/** Options of ECharts, as plain data: a chart function makes them of numbers, `drawSvg` and pages draw them. */
export type ChartOption = Record<string, unknown>;

/** What all charts share: a title for readers of screens, texts in the colours of the theme, nothing that moves. */
export function baseOption(theme: Theme, title: string): ChartOption {
  return {
    useUTC: true,
    animation: false,
    backgroundColor: 'transparent',
    color: theme.series,
    textStyle: { fontFamily: FONT, color: theme.text, fontSize: 12 },
    aria: { enabled: true, label: { description: title } },
    grid: { left: 8, right: 16, top: 32, bottom: 8, outerBoundsMode: 'same', outerBoundsContain: 'all' },
    tooltip: tooltipOf(theme),
  };
}

/** Fonts that each system has, for pages load none. Double quotes would end the attribute that ECharts writes them into. */
const FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif";

/** An axis of numbers or of names, named beside its end. */
export function axisOf(theme: Theme, name: string, own: ChartOption = {}): ChartOption {
  const { axisLabel, ...rest } = own as { axisLabel?: object };
  return {
    name,
    nameLocation: 'middle',
    nameTextStyle: { color: theme.faint },
    axisLabel: { color: theme.faint, hideOverlap: true, ...axisLabel },
    axisLine: { lineStyle: { color: theme.line } },
    axisTick: { lineStyle: { color: theme.line } },
    splitLine: { lineStyle: { color: theme.line } },
    ...rest,
  };
}

export function legendOf(theme: Theme, series: readonly { name: string }[]): ChartOption {
  return {
    type: 'scroll',
    top: 0,
    left: 0,
    itemWidth: 14,
    itemHeight: 10,
    textStyle: { color: theme.text },
    data: series.map(({ name }) => name),
  };
}

function tooltipOf(theme: Theme): ChartOption {
  return {
    confine: true,
    backgroundColor: theme.background,
    borderColor: theme.line,
    textStyle: { color: theme.text, fontSize: 12 },
  };
}

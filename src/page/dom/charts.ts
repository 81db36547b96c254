import type { ChartOption } from '../charts/option.js';
import { THEMES, type Theme } from '../theme.js';
import { type LiveChart, chartIn } from './chartIn.js';
import { el } from './el.js';

/** The charts of a page: all are drawn anew when the theme changes, and each when it comes into view first. */
export interface PageCharts {
  /** An element with a chart, and a name for who does not see it. `draw` makes it anew of other numbers. */
  add(
    label: string,
    option: (theme: Theme) => ChartOption,
    shape?: { tall?: boolean; heightPx?: number },
  ): ChartBox;
  setTheme(theme: Theme): void;
}

export interface ChartBox {
  element: HTMLElement;
  draw(option: (theme: Theme) => ChartOption): void;
}

export function createCharts(): PageCharts {
  let theme: Theme = THEMES.light;
  const redraws: (() => void)[] = [];
  const shows = new Map<Element, () => void>();
  // A chart that is below the fold costs nothing until it is seen.
  const observer = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) if (isIntersecting) shows.get(target)?.();
    },
    { rootMargin: '300px' },
  );
  return {
    add(label, first, { tall = false, heightPx } = {}) {
      let option = first;
      let chart: LiveChart | null = null;
      const element = el('div', { class: tall ? 'chart tall' : 'chart', role: 'img', 'aria-label': label });
      if (heightPx !== undefined) element.style.height = `${heightPx}px`;
      const redraw = (): void => chart?.draw(option(theme));
      redraws.push(redraw);
      shows.set(element, () => {
        if (chart) return;
        chart = chartIn(element);
        redraw();
      });
      observer.observe(element);
      return {
        element,
        draw(next) {
          option = next;
          redraw();
        },
      };
    },
    setTheme(next) {
      theme = next;
      for (const redraw of redraws) redraw();
    },
  };
}

import { init } from '../charts/echarts.js';
import type { ChartOption } from '../charts/option.js';

export interface LiveChart {
  /** Draws anew: other numbers, or another theme. */
  draw(option: ChartOption): void;
  dispose(): void;
}

/** A chart in an element of the page that follows its width. */
export function chartIn(element: HTMLElement): LiveChart {
  const chart = init(element, null, { renderer: 'svg' });
  const observer = new ResizeObserver(() => chart.resize());
  observer.observe(element);
  return {
    draw(option) {
      chart.setOption(option, { notMerge: true });
    },
    dispose() {
      observer.disconnect();
      chart.dispose();
    },
  };
}

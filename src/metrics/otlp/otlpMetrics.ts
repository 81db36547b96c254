import type * as Api from '@opentelemetry/api';
import type { Reading } from '../meter.js';
import { RUN_METRICS } from '../runMetrics.js';

/** Has the metrics of the page read whenever they are sent. Collectors add `_total` to what only grows; the page has it already. */
export function observeMetrics(meter: Api.Meter, read: () => Reading): void {
  const instruments = RUN_METRICS.map((metric) => {
    const name = metric.name.replace(/_total$/, '');
    const options = { description: metric.help, unit: unitOf(name) };
    return metric.type === 'counter'
      ? meter.createObservableCounter(name, options)
      : meter.createObservableGauge(name, options);
  });
  meter.addBatchObservableCallback((result) => {
    const reading = read();
    for (const [at, metric] of RUN_METRICS.entries())
      for (const { labels, value } of metric.read(reading)) result.observe(instruments[at]!, value, labels);
  }, instruments);
}

function unitOf(name: string): string {
  if (name.endsWith('_seconds')) return 's';
  return name.endsWith('_bytes') ? 'By' : '';
}

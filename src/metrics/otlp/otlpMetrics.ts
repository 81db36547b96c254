import type * as Api from '@opentelemetry/api';
import type { Reading } from '../meter.js';
import { RUN_METRICS, type RunMetric } from '../runMetrics.js';

/** Has the metrics of the page read whenever they are sent. Collectors add `_total` to what only grows; the page has it already. */
export function observeMetrics(meter: Api.Meter, read: () => Reading): void {
  const instruments = new Map(RUN_METRICS.flatMap((metric) => instrumentsOf(meter, metric)));
  meter.addBatchObservableCallback(
    (result) => {
      const reading = read();
      for (const metric of RUN_METRICS)
        for (const { labels, value, suffix = '' } of metric.read(reading)) {
          const instrument = instruments.get(metric.name + suffix);
          if (instrument) result.observe(instrument, value, labels);
        }
    },
    [...instruments.values()],
  );
}

/** OpenTelemetry has no histogram that is only read: of one, sum and count are sent, as counters. */
function instrumentsOf(meter: Api.Meter, { name, type, help }: RunMetric): [string, Api.Observable][] {
  if (type === 'histogram')
    return ['_sum', '_count'].map((suffix) => [
      name + suffix,
      meter.createObservableCounter(name + suffix, {
        description: help,
        unit: suffix === '_sum' ? unitOf(name) : '',
      }),
    ]);
  const shown = name.replace(/_total$/, '');
  const options = { description: help, unit: unitOf(shown) };
  const create = type === 'counter' ? meter.createObservableCounter : meter.createObservableGauge;
  return [[name, create.call(meter, shown, options)]];
}

function unitOf(name: string): string {
  if (name.endsWith('_seconds')) return 's';
  return name.endsWith('_bytes') ? 'By' : '';
}

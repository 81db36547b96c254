import { Counter, Gauge, type Histogram, Registry } from 'prom-client';
import type { Reading } from './meter.js';
import { RUN_METRICS, type RunMetric, type Sample } from './runMetrics.js';

/** The text that Prometheus reads. */
export interface MetricsPage {
  readonly contentType: string;
  print(reading: Reading): Promise<string>;
}

/** A page of the run's metrics. Nothing is counted between two scrapes: a scrape takes the values as they are then. */
export function createMetricsPage(): MetricsPage {
  const registry = new Registry();
  const fills = RUN_METRICS.map((metric) => filled(metric, registry));
  return {
    contentType: registry.contentType,
    print(reading) {
      for (const fill of fills) fill(reading);
      return registry.metrics();
    },
  };
}

function filled(metric: RunMetric, registry: Registry): (reading: Reading) => void {
  return metric.type === 'histogram' ? filledHistogram(metric, registry) : filledValue(metric, registry);
}

function filledValue(
  { name, type, help, labels, read }: RunMetric,
  registry: Registry,
): (reading: Reading) => void {
  const options = { name, help, labelNames: [...labels], registers: [registry] };
  const metric = type === 'counter' ? new Counter(options) : new Gauge(options);
  return (reading) => {
    // What is not read now is not shown, nor a value of before.
    metric.reset();
    const samples = read(reading);
    if (samples.length === 0 && labels.length === 0) metric.remove();
    for (const { labels: of, value } of samples) metric.inc(of, value);
  };
}

/** The library would count one by one; what has been counted already is handed to its printer alone. */
function filledHistogram({ name, help, read }: RunMetric, registry: Registry): (reading: Reading) => void {
  let samples: Sample[] = [];
  const get = () =>
    Promise.resolve({
      ...{ name, help, type: 'histogram', aggregator: 'sum' },
      values: samples.map(({ labels, value, suffix = '' }) => ({ metricName: name + suffix, labels, value })),
    });
  registry.registerMetric({ name, get } as unknown as Histogram);
  return (reading) => void (samples = read(reading));
}

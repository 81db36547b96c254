import { basename } from 'node:path';
import type { PipelineRun } from '../../run/runPipeline.js';
import { type SystemWorld, packageVersion, systemWorld } from '../../run/systemWorld.js';
import { filledRemover } from '../../train/environment.js';
import { type FollowedRun, followRun, readNothing } from '../followRun.js';
import { observeMetrics } from './otlpMetrics.js';
import { packagesMissing } from './otlpPackages.js';
import { otlpSettings } from './otlpSettings.js';
import { type RunSpans, createRunSpans } from './runSpans.js';

/** Sends the traces and metrics of a run to a collector. */
export interface OtlpSender {
  /** Share of the rows whose calls the run shall tell: its option `calls`. */
  readonly calls: number;
  /** From now on it sends what this run does. */
  follow(run: PipelineRun): void;
  /** Sends the rest, for 5 s at most; `signal` cuts that short. Gives what the collector did not take. */
  end(signal?: AbortSignal): Promise<Unsent>;
}

/** What a collector did not take. */
export interface Unsent {
  /** Spans that were dropped or not taken. */
  spans: number;
  /** Metrics that were not taken, in how many tries. */
  metrics: number;
  /** Why, the last time; undefined where all was taken. */
  reason: string | undefined;
}

/** How much of the calls is traced. */
export interface OtlpOptions {
  /**
   * Share of the rows, 0 … 1, whose calls are traced; OTEL_TRACES_SAMPLER counts if absent.
   * @default 0.1
   */
  share?: number | undefined;
}

const END_MS_MAX = 5_000;
/** Retries included; shorter than the end, so that it says what went wrong. */
const SEND_MS_MAX = 4_000;
/** Further spans are dropped and counted: a dead collector takes so much memory and no more. */
const SPANS_MAX = 4_096;

/**
 * Sends to the collector at OTEL_EXPORTER_OTLP_ENDPOINT, by OTLP over HTTP; docs/metrics.md says what. Throws ERR_USAGE where the
 * packages of OpenTelemetry are not installed, or its variables ask for another protocol.
 *
 * @example
 * const otlp = await openOtlp();
 * const run = await runPipeline('pipelines/quickstart.yaml', { calls: otlp.calls });
 * otlp.follow(run);
 * await run.result.finally(() => otlp.end());
 */
export async function openOtlp(
  { share }: OtlpOptions = {},
  world: Pick<SystemWorld, 'env' | 'clock' | 'now'> = systemWorld(),
): Promise<OtlpSender> {
  const settings = otlpSettings(world.env, share);
  const packages = await loadPackages();
  const { api, resources, trace, metrics, traceExporter, metricsExporter } = packages;
  const unsent: Omit<Unsent, 'spans'> = { metrics: 0, reason: undefined };
  const taken = { spans: 0 };
  const sending = world.env['OTEL_EXPORTER_OTLP_TIMEOUT'] ? {} : { timeoutMillis: SEND_MS_MAX };
  const resource = resources
    .resourceFromAttributes({ 'service.name': 'scalequest', 'service.version': packageVersion() })
    .merge(resources.detectResources({ detectors: [resources.envDetector] }));

  const spanExporter = new traceExporter.OTLPTraceExporter(sending);
  const spans = new trace.BatchSpanProcessor({
    exporter: watched(spanExporter, (spans, error) => {
      if (error) unsent.reason = error;
      else taken.spans += spans.length;
    }),
    maxQueueSize: SPANS_MAX,
  });
  let ended = 0;
  const count = {
    onStart: () => {},
    onEnd: () => void (ended += 1),
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  };
  const tracers = new trace.TracerProvider({
    resource,
    spanProcessors: settings.sendsTraces ? [count, spans] : [],
  });
  const tracer = tracers.getTracer('scalequest', packageVersion());

  let followed: FollowedRun | null = null;
  let told: { spans: RunSpans; stop: () => void } | null = null;
  const metricExporter = new metricsExporter.OTLPMetricExporter(sending);
  const reader = new metrics.PeriodicExportingMetricReader({
    exporter: watched(metricExporter, (_, error) => {
      if (error === undefined) return;
      unsent.reason = error;
      unsent.metrics += 1;
    }),
    exportIntervalMillis: settings.metricsPeriodMs,
    exportTimeoutMillis: Math.min(settings.metricsPeriodMs, END_MS_MAX),
  });
  const meters = new metrics.MeterProvider({ resource, readers: settings.sendsMetrics ? [reader] : [] });
  observeMetrics(meters.getMeter('scalequest', packageVersion()), () => followed?.read() ?? readNothing());

  return {
    calls: settings.share,
    follow(run) {
      followed = followRun(run, world.now());
      const { plan, folder, events } = run;
      const clean = filledRemover(plan.filled);
      const spansOfRun = createRunSpans({
        ...{ api, tracer, clean, parent: settings.parent, models: plan.models },
        nowMs: () => world.clock.nowMs(),
        attributes: {
          'scalequest.pipeline': clean(plan.name),
          'scalequest.run': clean(basename(folder)),
          'scalequest.seed': plan.settings.seed,
        },
      });
      const subscription = events.subscribe((event) => spansOfRun.tell(event));
      told = { spans: spansOfRun, stop: () => subscription.unsubscribe() };
    },
    async end(signal = new AbortController().signal) {
      told?.stop();
      told?.spans.end();
      const sent = new AbortController();
      const shutDown = Promise.allSettled([tracers.shutdown(), meters.shutdown()]);
      const late = world.clock.sleep(END_MS_MAX, AbortSignal.any([signal, sent.signal])).catch(() => {});
      await Promise.race([shutDown, late]);
      sent.abort();
      followed?.stop();
      return { ...unsent, spans: ended - taken.spans };
    },
  };
}

/** No declaration of ours names their types: they need not be installed. */
async function loadPackages() {
  try {
    const [api, resources, trace, metrics, traceExporter, metricsExporter] = await Promise.all([
      import('@opentelemetry/api'),
      import('@opentelemetry/resources'),
      import('@opentelemetry/sdk-trace'),
      import('@opentelemetry/sdk-metrics'),
      import('@opentelemetry/exporter-trace-otlp-proto'),
      import('@opentelemetry/exporter-metrics-otlp-proto'),
    ]);
    return { api, resources, trace, metrics, traceExporter, metricsExporter };
  } catch (error) {
    if ((error as { code?: string }).code === 'ERR_MODULE_NOT_FOUND') throw packagesMissing(error);
    throw error;
  }
}

interface Exporter<T> {
  export(items: T, done: (result: { code: number; error?: Error }) => void): void;
}

/** The same exporter; `onSent` is told what it was given, and why that was not taken if it was not. */
function watched<T, E extends Exporter<T>>(
  exporter: E & Exporter<T>,
  onSent: (items: T, error: string | undefined) => void,
): E {
  const send = exporter.export.bind(exporter);
  exporter.export = (items, done) =>
    send(items, (result) => {
      onSent(items, result.code === 0 ? undefined : (result.error?.message ?? 'no reason given'));
      done(result);
    });
  return exporter;
}

import type { Span } from '@opentelemetry/api';
import { basename } from 'node:path';
import type { ChainPlace, FollowedWork } from '../../run/chain/chainLinks.js';
import { type SystemWorld, packageVersion, systemWorld } from '../../run/systemWorld.js';
import { filledRemover } from '../../train/environment.js';
import { type FollowedRun, followRun, readNothing } from '../followRun.js';
import type { Reading } from '../meter.js';
import { observeMetrics } from './otlpMetrics.js';
import { packagesMissing } from './otlpPackages.js';
import { type OtlpSettings, otlpSettings } from './otlpSettings.js';
import { type RunSpansDeps, createRunSpans, parentContext } from './runSpans.js';

/** Sends the traces and metrics of a run to a collector. */
export interface OtlpSender {
  /** Share of the rows whose calls the run shall tell: its option `calls`. */
  readonly calls: number;
  /** From now on it sends what this run does, these trainings, or this link of a chain; links of a chain are one trace. */
  follow(run: FollowedWork, chain?: ChainPlace): void;
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
   * @default 0.01
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
  let followed: FollowedRun | null = null;
  let told: { end: () => void } | null = null;
  let chainSpan: Span | null = null;
  const failures: Failures = { metrics: 0, reason: undefined };
  const traces = openTraces(packages, settings, failures);
  const meters = openMeters(packages, settings, failures, () => followed?.read() ?? readNothing());
  return {
    calls: settings.share,
    follow(run, chain) {
      followed?.stop();
      told?.end();
      followed = followRun(run, world.now(), chain);
      const deps = { api: packages.api, tracer: traces.tracer, clock: world.clock };
      if (chain) chainSpan ??= beginChain(deps, settings.parent, filledRemover(run.plan.filled)(chain.chain));
      const parent = chainSpan?.spanContext() ?? settings.parent;
      told = tellSpans(run, chain, { ...deps, parent });
    },
    async end(signal = new AbortController().signal) {
      told?.end();
      chainSpan?.end(world.clock.nowMs());
      const sent = new AbortController();
      const shutDown = Promise.allSettled([traces.shutdown(), meters.shutdown()]);
      const late = world.clock.sleep(END_MS_MAX, AbortSignal.any([signal, sent.signal])).catch(() => {});
      await Promise.race([shutDown, late]);
      sent.abort();
      followed?.stop();
      return { ...failures, spans: traces.unsent() };
    },
  };
}

/** What went wrong so far. */
type Failures = Omit<Unsent, 'spans'>;

function openTraces(
  { trace, traceExporter, ...packages }: Packages,
  settings: OtlpSettings,
  failures: Failures,
) {
  let ended = 0;
  let taken = 0;
  const counter = {
    onStart: () => {},
    onEnd: () => void (ended += 1),
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  };
  const exporter = watched(new traceExporter.OTLPTraceExporter(timeoutOf(settings)), (spans, error) => {
    if (error === undefined) taken += spans.length;
    else failures.reason = error;
  });
  const batches = new trace.BatchSpanProcessor({ exporter, maxQueueSize: SPANS_MAX });
  const provider = new trace.TracerProvider({
    resource: resourceOf(packages),
    spanProcessors: settings.sendsTraces ? [counter, batches] : [],
  });
  return {
    tracer: provider.getTracer('scalequest', packageVersion()),
    shutdown: () => provider.shutdown(),
    unsent: () => ended - taken,
  };
}

function openMeters(
  { metrics, metricsExporter, ...packages }: Packages,
  settings: OtlpSettings,
  failures: Failures,
  read: () => Reading,
) {
  const exporter = watched(new metricsExporter.OTLPMetricExporter(timeoutOf(settings)), (_, error) => {
    if (error === undefined) return;
    failures.reason = error;
    failures.metrics += 1;
  });
  const reader = new metrics.PeriodicExportingMetricReader({
    exporter,
    exportIntervalMillis: settings.metricsPeriodMs,
    exportTimeoutMillis: Math.min(settings.metricsPeriodMs, END_MS_MAX),
  });
  const provider = new metrics.MeterProvider({
    resource: resourceOf(packages),
    readers: settings.sendsMetrics ? [reader] : [],
  });
  observeMetrics(provider.getMeter('scalequest', packageVersion()), read);
  return { shutdown: () => provider.shutdown() };
}

function timeoutOf({ hasTimeout }: OtlpSettings): { timeoutMillis?: number } {
  return hasTimeout ? {} : { timeoutMillis: SEND_MS_MAX };
}

function resourceOf({ resources }: Pick<Packages, 'resources'>) {
  return resources
    .resourceFromAttributes({ 'service.name': 'scalequest', 'service.version': packageVersion() })
    .merge(resources.detectResources({ detectors: [resources.envDetector] }));
}

/** The span that the links of a chain are below. */
function beginChain(
  { api, tracer, clock }: Pick<RunSpansDeps, 'api' | 'tracer'> & Pick<SystemWorld, 'clock'>,
  parent: OtlpSettings['parent'],
  name: string,
): Span {
  const attributes = { 'scalequest.chain': name };
  return tracer.startSpan('chain', { startTime: clock.nowMs(), attributes }, parentContext({ api, parent }));
}

/** Makes spans of the events of a run from now on. */
function tellSpans(
  { plan, folder, events, result }: FollowedWork,
  chain: ChainPlace | undefined,
  { clock, ...deps }: Pick<RunSpansDeps, 'api' | 'tracer' | 'parent'> & Pick<SystemWorld, 'clock'>,
): { end: () => void } {
  const clean = filledRemover(plan.filled);
  const spans = createRunSpans({
    ...{ ...deps, clean, models: plan.models, nowMs: () => clock.nowMs() },
    attributes: {
      'scalequest.pipeline': clean(plan.name),
      'scalequest.run': clean(basename(folder)),
      ...(plan.settings.seed === undefined ? {} : { 'scalequest.seed': plan.settings.seed }),
      ...(chain ? { 'scalequest.chain.link': clean(chain.link) } : {}),
    },
  });
  const subscription = events.subscribe((event) => spans.tell(event));
  // A training that fails ends the run with an error, and no event tells it.
  void result.catch((error: unknown) => spans.failed((error as { code?: string }).code ?? 'ERR_INVARIANT'));
  return {
    end() {
      subscription.unsubscribe();
      spans.end();
    },
  };
}

type Packages = Awaited<ReturnType<typeof loadPackages>>;

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

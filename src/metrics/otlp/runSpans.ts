import type * as Api from '@opentelemetry/api';
import type { ModelConfig } from '../../backends/registry.js';
import type { StepCounts } from '../../flow/steps/outcome.js';
import type { CalledEvent, CountedEvent, RunEvent } from '../../run/events.js';
import { type CallNames, callAttributes, callName, modelNames, serverAttributes } from './callAttributes.js';

/** The spans of a run, made from its events. */
export interface RunSpans {
  tell(event: RunEvent): void;
  /** Ends all that is open. */
  end(): void;
}

export interface RunSpansDeps {
  api: Pick<typeof Api, 'ROOT_CONTEXT' | 'SpanKind' | 'SpanStatusCode' | 'TraceFlags' | 'trace'>;
  tracer: Api.Tracer;
  /** The span that the run belongs to. */
  parent: { traceId: string; spanId: string } | null;
  models: Readonly<Record<string, ModelConfig>>;
  /** About the run. */
  attributes: Api.Attributes;
  nowMs: () => number;
  /** Takes out what the environment filled in. */
  clean: (text: string) => string;
}

interface RowSpan {
  span: Api.Span;
  context: Api.Context;
  endMs: number;
}

interface StepSpan {
  span: Api.Span;
  counts: StepCounts;
  endMs: number;
}

/** Servers may come and go for ever. */
const NAMES_MAX = 10_000;
/** Rows below the watermark are looked for so often. */
const SWEEP_MS = 1000;

/**
 * A trace of the run, with a span a step and a training; and a trace of each row that is watched, with a span a call. A trace of all calls
 * of a run would be larger than what shows traces can take. A row's trace has a link to the run's.
 */
export function createRunSpans(deps: RunSpansDeps): RunSpans {
  const { api, tracer, nowMs } = deps;
  const run = tracer.startSpan(
    'run',
    { startTime: nowMs(), attributes: deps.attributes },
    parentContext(deps),
  );
  const context = api.trace.setSpan(api.ROOT_CONTEXT, run);
  const links = [{ context: run.spanContext() }];
  const names = new Map<string, CallNames>();
  const rows = new Map<number, RowSpan>();
  const steps = new Map<string, StepSpan>();
  const trainings = new Map<string, Api.Span>();
  let sweptMs = nowMs();

  function called(event: CalledEvent): void {
    const row = rows.get(event.seq) ?? beginRow(event);
    const named = namesOf(event);
    const isElsewhere = event.replica !== undefined;
    const span = tracer.startSpan(
      callName(event, named),
      {
        startTime: event.startedMs,
        kind: isElsewhere ? api.SpanKind.CLIENT : api.SpanKind.INTERNAL,
        attributes: callAttributes(event, named),
      },
      row.context,
    );
    if (event.code !== undefined) span.setStatus({ code: api.SpanStatusCode.ERROR, message: event.code });
    const endMs = event.startedMs + event.tookMs;
    span.end(endMs);
    row.endMs = Math.max(row.endMs, endMs);
  }

  function namesOf({ step, model, replica = '' }: CalledEvent): CallNames {
    const key = JSON.stringify([step, model, replica]);
    const known = names.get(key);
    if (known) return known;
    const config = Object.hasOwn(deps.models, model) ? deps.models[model] : undefined;
    const found = modelNames(model, config);
    const server = serverAttributes(deps.clean(replica));
    const cleaned = {
      step: deps.clean(step),
      name: deps.clean(model),
      model: deps.clean(found.model),
      server,
    };
    const all = { ...found, ...cleaned };
    if (names.size < NAMES_MAX) names.set(key, all);
    return all;
  }

  function beginRow({ seq, startedMs }: CalledEvent): RowSpan {
    const attributes = { 'scalequest.row.seq': seq };
    const span = tracer.startSpan('row', { startTime: startedMs, attributes, links }, api.ROOT_CONTEXT);
    const row = { span, context: api.trace.setSpan(api.ROOT_CONTEXT, span), endMs: startedMs };
    rows.set(seq, row);
    return row;
  }

  function endRows(below: number): void {
    for (const [seq, { span, endMs }] of rows) {
      if (seq >= below) continue;
      span.end(endMs);
      rows.delete(seq);
    }
  }

  function counted({ step, counts }: CountedEvent): void {
    const endMs = nowMs();
    const known = steps.get(step);
    if (known) return void Object.assign(known, { counts: summed(known.counts, counts), endMs });
    const label = deps.clean(step);
    const attributes = { 'scalequest.step': label };
    const span = tracer.startSpan(`step ${label}`, { startTime: endMs, attributes }, context);
    steps.set(step, { span, counts, endMs });
  }

  function end(): void {
    endRows(Infinity);
    for (const { span, counts, endMs } of steps.values()) {
      for (const [name, rowCount] of Object.entries(counts))
        span.setAttribute(`scalequest.step.${name}`, rowCount);
      span.end(endMs);
    }
    for (const span of trainings.values()) span.end(nowMs());
    run.end(nowMs());
  }

  function tell(event: RunEvent): void {
    switch (event.event) {
      case 'called':
        return called(event);
      case 'counted':
        return counted(event);
      case 'delivered':
        if (nowMs() - sweptMs < SWEEP_MS) return;
        sweptMs = nowMs();
        return endRows(event.watermark);
      case 'flowing':
      case 'committed': {
        const { kept } = event;
        const below = event.event === 'flowing' ? event.from : event.next;
        return void run.addEvent(
          event.event,
          { 'scalequest.rows.source': below, 'scalequest.rows.kept': kept },
          nowMs(),
        );
      }
      case 'trainingLaunched': {
        const attributes = { 'scalequest.training': deps.clean(event.label) };
        const span = tracer.startSpan(event.kind, { startTime: nowMs(), attributes }, context);
        return void trainings.set(event.label, span);
      }
      case 'trainingEnded': {
        trainings.get(event.label)?.end(nowMs());
        return void trainings.delete(event.label);
      }
      case 'failed':
        run.setAttribute('error.type', event.code);
        return void run.setStatus({ code: api.SpanStatusCode.ERROR, message: event.code });
      case 'reported':
        return void run.setAttribute('scalequest.rows.kept', event.report.rowsKept);
      default:
    }
  }

  return { tell, end };
}

function parentContext({ api, parent }: RunSpansDeps): Api.Context {
  if (parent === null) return api.ROOT_CONTEXT;
  const spanContext = { ...parent, traceFlags: api.TraceFlags.SAMPLED, isRemote: true };
  return api.trace.setSpanContext(api.ROOT_CONTEXT, spanContext);
}

function summed(one: StepCounts, other: StepCounts): StepCounts {
  return {
    rowsIn: one.rowsIn + other.rowsIn,
    kept: one.kept + other.kept,
    dropped: one.dropped + other.dropped,
    rejected: one.rejected + other.rejected,
  };
}

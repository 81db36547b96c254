import type * as Api from '@opentelemetry/api';
import type { ModelConfig } from '../../backends/registry.js';
import type { RunEvent } from '../../run/events.js';
import { createCallNames } from './callAttributes.js';
import { type SpanDeps, createRowSpans } from './rowSpans.js';
import { createStepSpans } from './stepSpans.js';

/** The spans of a run, made from its events. */
export interface RunSpans {
  tell(event: RunEvent): void;
  /** It has ended with an error. */
  failed(code: string): void;
  /** Ends all that is open. */
  end(): void;
}

export interface RunSpansDeps extends SpanDeps {
  /** The span that the run belongs to. */
  parent: { traceId: string; spanId: string } | null;
  models: Readonly<Record<string, ModelConfig>>;
  /** About the run. */
  attributes: Api.Attributes;
  /** Takes out what the environment filled in. */
  clean: (text: string) => string;
}

/**
 * A trace of the run, with a span a step and a training; and a trace of each row that is watched, with a span a call. A trace of all calls
 * of a run would be larger than what shows traces can take. A row's trace has a link to the run's.
 */
export function createRunSpans(deps: RunSpansDeps): RunSpans {
  const { api, tracer, nowMs, clean } = deps;
  const run = tracer.startSpan(
    'run',
    { startTime: nowMs(), attributes: deps.attributes },
    parentContext(deps),
  );
  const rows = createRowSpans(deps, run.spanContext(), createCallNames(deps.models, clean));
  const steps = createStepSpans(deps, api.trace.setSpan(api.ROOT_CONTEXT, run), clean);

  function tell(event: RunEvent): void {
    switch (event.event) {
      case 'called':
        return rows.called(event);
      case 'delivered':
        return rows.delivered(event.watermark);
      case 'counted':
        return steps.counted(event);
      case 'trainingLaunched':
        return steps.launched(event);
      case 'trainingEnded':
        return steps.trained(event);
      case 'flowing':
        return addRows(event.event, event.from, event.kept);
      case 'committed':
        return addRows(event.event, event.next, event.kept);
      case 'failed':
        return failed(event.code);
      case 'reported':
        return void run.setAttribute('scalequest.rows.kept', event.report.rowsKept);
      default:
    }
  }

  function failed(code: string): void {
    run.setAttribute('error.type', code);
    run.setStatus({ code: api.SpanStatusCode.ERROR, message: code });
  }

  function addRows(name: string, source: number, kept: number): void {
    run.addEvent(name, { 'scalequest.rows.source': source, 'scalequest.rows.kept': kept }, nowMs());
  }

  return {
    tell,
    failed,
    end() {
      rows.end();
      steps.end();
      run.end(nowMs());
    },
  };
}

export function parentContext({ api, parent }: Pick<RunSpansDeps, 'api' | 'parent'>): Api.Context {
  if (parent === null) return api.ROOT_CONTEXT;
  const spanContext = { ...parent, traceFlags: api.TraceFlags.SAMPLED, isRemote: true };
  return api.trace.setSpanContext(api.ROOT_CONTEXT, spanContext);
}

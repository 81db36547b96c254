import type * as Api from '@opentelemetry/api';
import type { CalledEvent } from '../../run/events.js';
import { type CallNames, callAttributes, callName } from './callAttributes.js';

/** What spans are made with. */
export interface SpanDeps {
  api: Pick<typeof Api, 'ROOT_CONTEXT' | 'SpanKind' | 'SpanStatusCode' | 'TraceFlags' | 'trace'>;
  tracer: Api.Tracer;
  nowMs: () => number;
}

/** The traces of rows. */
export interface RowSpans {
  called(event: CalledEvent): void;
  /** The watermark has moved. */
  delivered(watermark: number): void;
  /** Ends all that are open. */
  end(): void;
}

interface RowSpan {
  span: Api.Span;
  context: Api.Context;
  endMs: number;
}

/** Rows below the watermark are looked for so often. */
const SWEEP_MS = 1000;

/** A trace for each row that is watched, with a link to the run, and in it a span a call. It ends with the last call. */
export function createRowSpans(
  { api, tracer, nowMs }: SpanDeps,
  run: Api.SpanContext,
  namesOf: (event: CalledEvent) => CallNames,
): RowSpans {
  const links = [{ context: run }];
  const rows = new Map<number, RowSpan>();
  let sweptMs = nowMs();

  function begin({ seq, startedMs }: CalledEvent): RowSpan {
    const attributes = { 'scalequest.row.seq': seq };
    const span = tracer.startSpan('row', { startTime: startedMs, attributes, links }, api.ROOT_CONTEXT);
    const row = { span, context: api.trace.setSpan(api.ROOT_CONTEXT, span), endMs: startedMs };
    rows.set(seq, row);
    return row;
  }

  function endBelow(watermark: number): void {
    for (const [seq, { span, endMs }] of rows) {
      if (seq >= watermark) continue;
      span.end(endMs);
      rows.delete(seq);
    }
  }

  return {
    called(event) {
      const row = rows.get(event.seq) ?? begin(event);
      const names = namesOf(event);
      const kind = event.replica === undefined ? api.SpanKind.INTERNAL : api.SpanKind.CLIENT;
      const options = { startTime: event.startedMs, kind, attributes: callAttributes(event, names) };
      const span = tracer.startSpan(callName(event, names), options, row.context);
      if (event.code !== undefined) span.setStatus({ code: api.SpanStatusCode.ERROR, message: event.code });
      const endMs = event.startedMs + event.tookMs;
      span.end(endMs);
      row.endMs = Math.max(row.endMs, endMs);
    },
    delivered(watermark) {
      if (nowMs() - sweptMs < SWEEP_MS) return;
      sweptMs = nowMs();
      endBelow(watermark);
    },
    end: () => endBelow(Infinity),
  };
}

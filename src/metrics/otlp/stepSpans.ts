import { sumStepCounts } from '../sumStepCounts.js';
import type * as Api from '@opentelemetry/api';
import type { StepCounts } from '../../flow/steps/outcome.js';
import type { CountedEvent, TrainingEndedEvent, TrainingLaunchedEvent } from '../../run/events.js';
import type { SpanDeps } from './rowSpans.js';

/** The spans below the run. */
export interface StepSpans {
  counted(event: CountedEvent): void;
  launched(event: TrainingLaunchedEvent): void;
  trained(event: TrainingEndedEvent): void;
  /** Ends all that are open. */
  end(): void;
}

interface StepSpan {
  span: Api.Span;
  counts: StepCounts;
  endMs: number;
}

/** A span a step, from its first row to its last, with what became of its rows; and a span a training. */
export function createStepSpans(
  { tracer, nowMs }: SpanDeps,
  run: Api.Context,
  clean: (text: string) => string,
): StepSpans {
  const steps = new Map<string, StepSpan>();
  const trainings = new Map<string, Api.Span>();
  return {
    counted({ step, counts }) {
      const endMs = nowMs();
      const known = steps.get(step);
      if (known) return void Object.assign(known, { counts: sumStepCounts(known.counts, counts), endMs });
      const label = clean(step);
      const options = { startTime: endMs, attributes: { 'scalequest.step': label } };
      steps.set(step, { span: tracer.startSpan(`step ${label}`, options, run), counts, endMs });
    },
    launched({ kind, label }) {
      const options = { startTime: nowMs(), attributes: { 'scalequest.training': clean(label) } };
      trainings.set(label, tracer.startSpan(kind, options, run));
    },
    trained({ label }) {
      trainings.get(label)?.end(nowMs());
      trainings.delete(label);
    },
    end() {
      for (const { span, counts, endMs } of steps.values()) {
        for (const [name, rows] of Object.entries(counts)) span.setAttribute(`scalequest.step.${name}`, rows);
        span.end(endMs);
      }
      for (const span of trainings.values()) span.end(nowMs());
    },
  };
}

import type { Observable } from 'rxjs';
import type { Model } from '../backends/model.js';
import type { Batch } from '../flow/batch.js';
import { type CommitSink, type Totals, commitStream } from '../flow/commit.js';
import { type ReadRows, createGate } from '../flow/gate.js';
import type { StepCounts } from '../flow/outcome.js';
import { untilAborted } from '../flow/untilAborted.js';
import type { RunContext } from '../operators/operator.js';
import { frameFrom } from './frame.js';
import type { Plan } from './plan.js';
import { textsFrom } from './texts.js';

/** Where a run goes on: what its earlier commits hold. */
export interface Resume {
  /** The first source position that no commit covers. */
  from: number;
  kept: number;
  /** What the step of that label had learnt, in order. */
  restored: NonNullable<RunContext['restored']>;
}

export const NOTHING_YET: Resume = { from: 0, kept: 0, restored: () => [] };

export interface RunDeps {
  models: Readonly<Record<string, Model>>;
  prompt: RunContext['prompt'];
  read: ReadRows;
  sink: CommitSink;
  resume?: Resume;
  signal?: AbortSignal;
  onCounts?: (step: string, counts: StepCounts) => void;
  onDelivered?: (watermark: number, kept: number) => void;
}

/** A checked plan as one stream, from the source's gate to the committed shards. Models and sink stay the caller's to close. */
export async function runPlan(plan: Plan, deps: RunDeps): Promise<Totals> {
  const { target, limit, source, output } = plan.settings;
  const { from, kept } = deps.resume ?? NOTHING_YET;
  const gate = createGate({
    windowRows: source.windowRows,
    batchRows: source.batchRows,
    from,
    target: target === undefined ? undefined : target - kept,
    limit,
  });
  const stream = connectSteps(plan, gate.source(deps.read), deps).pipe(untilAborted(deps.signal));
  return commitStream(stream, {
    gate,
    sink: deps.sink,
    shardRows: output.shardRows,
    target,
    from,
    keptBefore: kept,
    ...(deps.onDelivered ? { onDelivered: deps.onDelivered } : {}),
  });
}

/** The operators of a plan, one behind the other. */
function connectSteps(plan: Plan, source: Observable<Batch>, deps: RunDeps): Observable<Batch> {
  return plan.steps.reduce(
    (stream, { spec, input, label }) => stream.pipe(spec.operator(input, runContext(plan, deps, label))),
    source,
  );
}

/** What the step called `label` is given. */
export function runContext(
  plan: Plan,
  { models, prompt, onCounts, resume }: Pick<RunDeps, 'models' | 'prompt' | 'onCounts' | 'resume'>,
  label: string,
): RunContext {
  return {
    seed: plan.settings.seed,
    models,
    prompt,
    step: label,
    texts: textsFrom(plan.texts),
    questionFrame: frameFrom(plan.folder),
    ...(resume ? { restored: resume.restored } : {}),
    ...(onCounts ? { onCounts } : {}),
  };
}

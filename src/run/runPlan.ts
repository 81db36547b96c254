import type { Observable } from 'rxjs';
import type { Model } from '../backends/model.js';
import type { Batch, BatchOperator } from '../flow/batch.js';
import { type CommitSink, type Totals, commitShards } from '../flow/commitShards.js';
import { cacheStepResults } from '../flow/cacheStepResults.js';
import { type ReadRows, type Replay, createGate } from '../flow/gate.js';
import { type StepCounts, countsOf } from '../flow/outcome.js';
import { replayStepResults } from '../flow/replayStepResults.js';
import type { StepState } from '../flow/stepResult.js';
import { decodeStepResult, encodeStepResults } from '../flow/stepResultBytes.js';
import { untilAborted } from '../flow/untilAborted.js';
import type { RunContext } from '../operators/lib/operator.js';
import { promptWrapperFrom } from '../pipeline/promptWrapper.js';
import type { Plan } from '../pipeline/plan.js';
import { textsFrom } from '../pipeline/check/texts.js';

/** Where a run goes on: what its earlier commits hold. */
export interface Resume {
  /** The first source position that no commit covers. */
  from: number;
  kept: number;
  /** Committed state deltas of the step of that label, in order. */
  restored: NonNullable<RunContext['restored']>;
}

export const NOTHING_YET: Resume = { from: 0, kept: 0, restored: () => [] };

/** Step results of this run or another, by the step's index and the first row of the segment. */
export interface StepResultCache {
  /** Source positions a segment. Segments begin at its multiples, and where a run begins. */
  segmentRows: number;
  /** Undefined if there is none. Throws ERR_STORE_DAMAGED. */
  get(step: number, lo: number): Buffer | undefined;
  /** Resolves when they are durable. */
  put(lo: number, results: readonly { step: number; bytes: Buffer }[]): Promise<void>;
  /** Counts replayed rows. */
  count(rows: number): void;
}

export interface RunDeps {
  models: Readonly<Record<string, Model>>;
  prompt: RunContext['prompt'];
  read: ReadRows;
  sink: CommitSink;
  resume?: Resume;
  /** Without it every step runs on every row. */
  stepResults?: StepResultCache | undefined;
  /** So many rows of source were replayed from the cache. */
  onReplayed?: (rows: number) => void;
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
    ...(deps.stepResults ? { segmentRows: deps.stepResults.segmentRows } : {}),
  });
  const states: StepStates = new Map();
  const rows = gate.source(deps.read, replayOf(plan, deps, states));
  const stream = connectSteps(plan, rows, deps, states).pipe(cacheOf(deps), untilAborted(deps.signal));
  return commitShards(stream, {
    gate,
    sink: deps.sink,
    shardRows: output.shardRows,
    target,
    from,
    keptBefore: kept,
    ...(deps.onDelivered ? { onDelivered: deps.onDelivered } : {}),
  });
}

/** States of the stateful steps, by index. */
type StepStates = Map<number, StepState>;

/** The operators of a plan, one behind the other. */
function connectSteps(
  plan: Plan,
  source: Observable<Batch>,
  deps: RunDeps,
  states: StepStates,
): Observable<Batch> {
  return plan.steps.reduce((stream, { spec, input, label }, at) => {
    const isCached = deps.stepResults !== undefined && at < plan.stepFingerprints.length;
    const cached = { at, onState: (state: StepState) => void states.set(at, state) };
    const context = { ...runContext(plan, deps, label), ...(isCached ? cached : {}) };
    return stream.pipe(spec.operator(input, context));
  }, source);
}

function replayOf(
  plan: Plan,
  { stepResults, read, resume, onCounts, onReplayed }: RunDeps,
  states: StepStates,
): Replay | undefined {
  if (!stepResults) return undefined;
  return replayStepResults({
    read,
    stepsInAll: plan.steps.length,
    from: (resume ?? NOTHING_YET).from,
    state: (step) => states.get(step),
    record(lo, step) {
      const bytes = step < plan.stepFingerprints.length ? stepResults.get(step, lo) : undefined;
      return bytes ? decodeStepResult(bytes) : null;
    },
    onReplayed(step, result) {
      if (step === 0) {
        stepResults.count(result.rowsIn);
        onReplayed?.(result.rowsIn);
      }
      onCounts?.(plan.steps[step]!.label, countsOf(result));
    },
  });
}

function cacheOf({ stepResults }: RunDeps): BatchOperator {
  if (!stepResults) return (stream) => stream;
  return cacheStepResults(stepResults.segmentRows, (lo, results) =>
    stepResults.put(lo, encodeStepResults(results)),
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
    promptWrapper: promptWrapperFrom(plan.folder),
    ...(resume ? { restored: resume.restored } : {}),
    ...(onCounts ? { onCounts } : {}),
  };
}

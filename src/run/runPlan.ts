import type { Observable } from 'rxjs';
import type { Model } from '../backends/model.js';
import type { Batch, BatchOperator } from '../flow/batch.js';
import { type CommitSink, type Totals, commitStream } from '../flow/commit.js';
import type { Memory } from '../flow/decision.js';
import { decodeDecision, encodeDecisions } from '../flow/decisionBytes.js';
import { type ReadRows, type Recall, createGate } from '../flow/gate.js';
import { type StepCounts, countsOf } from '../flow/outcome.js';
import { recallDecisions } from '../flow/recallDecisions.js';
import { recordDecisions } from '../flow/recordDecisions.js';
import { untilAborted } from '../flow/untilAborted.js';
import type { RunContext } from '../operators/lib/operator.js';
import { frameFrom } from '../pipeline/frame.js';
import type { Plan } from '../pipeline/plan.js';
import { textsFrom } from '../pipeline/check/texts.js';

/** Where a run goes on: what its earlier commits hold. */
export interface Resume {
  /** The first source position that no commit covers. */
  from: number;
  kept: number;
  /** What the step of that label had learnt, in order. */
  restored: NonNullable<RunContext['restored']>;
}

export const NOTHING_YET: Resume = { from: 0, kept: 0, restored: () => [] };

/** What steps decided in this run or another, by the step's place and the first row of the stretch. */
export interface Decisions {
  /** Source positions whose decisions are kept as one, from a multiple of it on or from where the run began. */
  stretchRows: number;
  /** Undefined for nothing. Throws ERR_STORE_DAMAGED. */
  get(step: number, lo: number): Buffer | undefined;
  /** Resolves when they are kept. */
  put(lo: number, decisions: readonly { step: number; bytes: Buffer }[]): Promise<void>;
  /** Rows came with them. */
  count(rows: number): void;
}

export interface RunDeps {
  models: Readonly<Record<string, Model>>;
  prompt: RunContext['prompt'];
  read: ReadRows;
  sink: CommitSink;
  resume?: Resume;
  /** Where decisions are kept; each is made anew where there is no such place. */
  decisions?: Decisions | undefined;
  /** Rows came with the decisions that were kept of them. */
  onRecalled?: (rows: number) => void;
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
    ...(deps.decisions ? { stretchRows: deps.decisions.stretchRows } : {}),
  });
  const memories: Memories = new Map();
  const rows = gate.source(deps.read, recallOf(plan, deps, memories));
  const stream = connectSteps(plan, rows, deps, memories).pipe(recorderOf(deps), untilAborted(deps.signal));
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

/** Of the steps that have one, by their places. */
type Memories = Map<number, Memory>;

/** The operators of a plan, one behind the other. */
function connectSteps(
  plan: Plan,
  source: Observable<Batch>,
  deps: RunDeps,
  memories: Memories,
): Observable<Batch> {
  return plan.steps.reduce((stream, { spec, input, label }, at) => {
    const isKept = deps.decisions !== undefined && at < plan.deciders.length;
    const kept = { at, onLearnt: (memory: Memory) => void memories.set(at, memory) };
    const context = { ...runContext(plan, deps, label), ...(isKept ? kept : {}) };
    return stream.pipe(spec.operator(input, context));
  }, source);
}

function recallOf(
  plan: Plan,
  { decisions, read, resume, onCounts, onRecalled }: RunDeps,
  memories: Memories,
): Recall | undefined {
  if (!decisions) return undefined;
  return recallDecisions({
    read,
    stepsInAll: plan.steps.length,
    from: (resume ?? NOTHING_YET).from,
    memory: (step) => memories.get(step),
    record(lo, step) {
      const bytes = step < plan.deciders.length ? decisions.get(step, lo) : undefined;
      return bytes ? decodeDecision(bytes) : null;
    },
    onRecalled(step, decision) {
      if (step === 0) {
        decisions.count(decision.rowsIn);
        onRecalled?.(decision.rowsIn);
      }
      onCounts?.(plan.steps[step]!.label, countsOf(decision));
    },
  });
}

function recorderOf({ decisions }: RunDeps): BatchOperator {
  if (!decisions) return (stream) => stream;
  return recordDecisions(decisions.stretchRows, (lo, decided) => decisions.put(lo, encodeDecisions(decided)));
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

import type { Observable } from 'rxjs';
import type { Model } from '../backends/model.js';
import type { Batch, BatchOperator } from '../flow/batch.js';
import { type CommitSink, type Totals, commitStream } from '../flow/commit.js';
import { type History, RECALLED, isLastingReason } from '../flow/decision.js';
import { decodeDecision, encodeDecision } from '../flow/decisionBytes.js';
import { type ReadRows, type Recall, createGate } from '../flow/gate.js';
import { type StepCounts, countsOf } from '../flow/outcome.js';
import { recallDecisions } from '../flow/recallDecisions.js';
import { recordDecisions } from '../flow/recordDecisions.js';
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
  /** Rows lost and made, and choices left out: `step kind reason` → how many. */
  counts: Readonly<Record<string, number>>;
  /** What the step of that label had learnt, in order. */
  restored: NonNullable<RunContext['restored']>;
}

export const NOTHING_YET: Resume = { from: 0, kept: 0, counts: {}, restored: () => [] };

/** What steps decided in this run or another, by the step's place and the first row of the stretch. */
export interface Decisions {
  /** Source positions whose decisions are kept as one, from a multiple of it on or from where the run began. */
  stretchRows: number;
  has(step: number, lo: number): boolean;
  get(step: number, lo: number): Buffer;
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
  const history = { failedAt: failedStep(plan, deps.resume ?? NOTHING_YET) };
  const stream = connectSteps(plan, gate.source(deps.read, recallOf(plan, deps, history)), deps).pipe(
    recorderOf(plan, deps, history),
    untilAborted(deps.signal),
  );
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
  return plan.steps.reduce((stream, { spec, input, label }, at) => {
    const isKept = deps.decisions !== undefined && at < plan.deciders.length;
    const context = { ...runContext(plan, deps, label), ...(isKept ? { at } : {}) };
    return stream.pipe(spec.operator(input, context));
  }, source);
}

/** The first step that an earlier start saw fail at a row, as a server may; see `History`. */
function failedStep({ steps }: Plan, { counts }: Resume): number {
  const failed = Object.keys(counts).filter((key) => {
    const [, kind = '', ...words] = key.split(' ');
    return !isLastingReason(kind, words.join(' '));
  });
  return Math.min(...failed.map((key) => steps.findIndex(({ label }) => label === key.split(' ')[0])));
}

function recallOf(
  plan: Plan,
  { decisions, read, onCounts, onRecalled }: RunDeps,
  history: History,
): Recall | undefined {
  if (!decisions) return undefined;
  const steps = plan.deciders.length;
  return recallDecisions({
    read,
    stepsInAll: plan.steps.length,
    history,
    known(lo) {
      if (steps === 0 || !decisions.has(0, lo)) return 0;
      let known = steps;
      while (!decisions.has(known - 1, lo)) known -= 1;
      return known;
    },
    decision: (lo, step) => decodeDecision(decisions.get(step, lo)),
    onRecalled(step, decision) {
      if (step === 0) {
        decisions.count(decision.rowsIn);
        onRecalled?.(decision.rowsIn);
      }
      onCounts?.(plan.steps[step]!.label, countsOf(decision));
    },
  });
}

function recorderOf({ deciders }: Plan, { decisions }: RunDeps, history: History): BatchOperator {
  if (!decisions) return (stream) => stream;
  return recordDecisions(decisions.stretchRows, deciders.length, history, (lo, decided) =>
    decisions.put(
      lo,
      decided.flatMap((decision, step) =>
        decision === RECALLED ? [] : { step, bytes: encodeDecision(decision) },
      ),
    ),
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

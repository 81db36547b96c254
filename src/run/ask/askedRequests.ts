import { type Observable, of } from 'rxjs';
import type { CompleteRequest, Model } from '../../backends/model.js';
import { ScaleQuestError } from '../../errors.js';
import type { Batch } from '../../flow/batch.js';
import { isLost } from '../../flow/rowEvents.js';
import { fromRows } from '../../flow/fromRows.js';
import type { RunContext } from '../../operators/lib/operator.js';
import { loadOperator } from '../../operators/registry.js';
import type { Plan, PlannedStep } from '../../pipeline/plan.js';
import { deriveSeed } from '../../random.js';
import { createContext } from '../open/createContext.js';

/** What a step would ask a model, without asking it. */
export interface AskedRequests {
  requests: CompleteRequest[];
  /** The label of the step; null where the file has none of the kind, and its defaults are asked. */
  step: string | null;
}

/** What is asked: questions of its own, or answers to one. */
export type Wanted = { kind: 'generate' } | { kind: 'respond'; question: string };

interface AskedOf {
  plan: Pick<Plan, 'steps' | 'models'>;
  model: string;
  wanted: Wanted;
  count: number;
  seed: number;
  prompt: RunContext['prompt'];
}

/**
 * The requests that the file's own step makes: its operator runs on rows made here, with a model that notes what it is asked. So
 * template, prompt, sampling and seeds are those of a run, whatever the step does to make them.
 */
export async function askedRequests(asked: AskedOf): Promise<AskedRequests> {
  const { plan, model, wanted, count, seed } = asked;
  const step = stepFor(plan.steps, wanted.kind, model);
  const spec = step?.spec ?? (await loadOperator(wanted.kind));
  const isQuestion = wanted.kind === 'generate';
  const input = step?.input ?? (isQuestion ? { generators: [{ model }] } : { model });
  const label = step?.label ?? wanted.kind;
  // Each question is a row; all answers are of one.
  const row: Record<string, string> = isQuestion ? {} : { question: wanted.question };
  const rows = Array.from({ length: isQuestion ? count : 1 }, () => row);
  const read = fromRows<Record<string, 'string'>>(isQuestion ? {} : { question: 'string' }, rows);
  const batch: Batch = { lo: 0, hi: rows.length, rows: (await read(0, rows.length))!, events: [] };

  const requests = await noted(rows.length, [...Object.keys(plan.models), model], (models) => {
    const context = createContext({ seed, models, prompt: asked.prompt, step: label });
    return spec.operator(input as never, context)(of(batch));
  });
  const all = isQuestion ? requests : samplesOf(requests[0]!, count);
  return { requests: all, step: step?.label ?? null };
}

/** Several replies to one message, each by a request of its own, so that each can be shown as it is written. */
function samplesOf(request: CompleteRequest, count: number): CompleteRequest[] {
  return Array.from({ length: count }, (_, at) => ({
    ...request,
    n: 1,
    seed: at === 0 ? request.seed : deriveSeed(request.seed, 'sample', at),
  }));
}

/** The first step that asks this model; else the first of its kind. */
function stepFor(
  steps: readonly PlannedStep[],
  kind: Wanted['kind'],
  model: string,
): PlannedStep | undefined {
  const ofKind = steps.filter(({ spec }) => spec.name === kind);
  const own = ofKind.find(({ spec, parsed }) => spec.models(parsed).some((need) => need.model === model));
  return own ?? ofKind[0];
}

/** The requests that a stream makes of its models until there are `count`, in the order of its rows. */
function noted(
  count: number,
  names: readonly string[],
  stream: (models: Record<string, Model>) => Observable<Batch>,
): Promise<CompleteRequest[]> {
  const requests: CompleteRequest[] = [];
  return new Promise((resolve, reject) => {
    const note = (request: CompleteRequest): Promise<never> => {
      requests.push(request);
      if (requests.length === count) resolve(requests.toSorted((a, b) => a.seq - b.seq));
      return new Promise(() => {});
    };
    stream(modelsThat(note, names)).subscribe({
      error: reject,
      next: ({ events }) => reject(lostRow(events)),
    });
  });
}

/** Whatever model the step asks, the same one notes it. */
function modelsThat(complete: Model['complete'], names: readonly string[]): Record<string, Model> {
  const refuse = (): Promise<never> => Promise.reject(new Error('only completions are asked'));
  const can = { preQuery: true, choose: false, score: false, embed: false };
  const calls = { complete, choose: refuse, score: refuse, embed: refuse, execute: refuse };
  const model = { can, ...calls, stats: refuse as never, close: async () => {} };
  return Object.fromEntries(names.map((name) => [name, { ...model, name }]));
}

function lostRow(events: Batch['events']): ScaleQuestError {
  const lost = events.find(isLost);
  const why = lost ? `${lost.reason} ${lost.message}` : 'it asks its model nothing';
  return new ScaleQuestError('ERR_USAGE', `the step does not ask about this question: ${why}`);
}

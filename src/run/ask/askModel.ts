import type { CallRecord, Choice, CompleteRequest, Model } from '../../backends/model.js';
import { openModel } from '../../backends/openModel.js';
import { type ModelConfig, describeModel, protocolOf, protocolsThatCan } from '../../backends/registry.js';
import { RowError, ScaleQuestError } from '../../errors.js';
import { asModelError, serverOf, withoutPatience } from '../../pipeline/check/checkOnline.js';
import { suggestion } from '../../pipeline/nearest.js';
import type { Plan } from '../../pipeline/plan.js';
import { withoutFilled } from '../../train/environment.js';
import { type PipelineOptions, planUnread, promptOf } from '../plan/planPipeline.js';
import { type SystemWorld, systemWorld } from '../systemWorld.js';
import { type Wanted, askedRequests } from './askedRequests.js';

/** Options of `askModel`. */
export interface AskOptions extends PipelineOptions {
  /** What to answer; questions of the model's own if absent. */
  question?: string | undefined;
  /** Replies, 100 at most. */
  count: number;
  /** The file's if absent. */
  seed?: number | undefined;
  signal?: AbortSignal | undefined;
  /** Is told the replies, one after the other, as they are written. */
  onEvent: (event: AskEvent) => void;
}

/** More is what a run is for. */
const REPLIES_MAX = 100;

/** A reply as it comes; those of one reply follow each other, in the order of `at`. */
export type AskEvent =
  | { event: 'asked'; at: number; request: CompleteRequest; prompt: string | null; step: string | null }
  | { event: 'wrote'; at: number; text: string }
  /** What was written before counts no more. */
  | { event: 'again'; at: number }
  | { event: 'answered'; at: number; choice: Choice; record: CallRecord; tookMs: number }
  | { event: 'failed'; at: number; error: RowError };

/**
 * Asks one model of a pipeline file what its `generate` or `respond` step would ask it, and tells the replies as they are written.
 * Writes nothing: no run folder, no store.
 *
 * @throws PipelineProblems for a file with mistakes, ERR_PIPELINE_MODEL for a model that is not there or cannot answer, and what ends
 * a run. A RowError of the one reply that was asked for becomes an error of the model.
 */
export async function askModel(
  file: string,
  name: string,
  options: AskOptions,
  world: Pick<SystemWorld, 'env' | 'nowMs'> = systemWorld(),
): Promise<void> {
  if (options.count > REPLIES_MAX)
    throw new ScaleQuestError(
      'ERR_USAGE',
      `found ${options.count} replies, expected ${REPLIES_MAX} at most; a run makes more`,
    );
  const plan = await planUnread(file, options, world);
  const { question, count, seed = plan.settings.seed } = options;
  const wanted: Wanted = question === undefined ? { kind: 'generate' } : { kind: 'respond', question };
  const config = answering(plan, name, wanted.kind);
  const asking = { plan, model: name, wanted, count, seed, prompt: promptOf(plan) };
  const { requests, step } = await askedRequests(asking);
  await withoutFilled(askAll({ name, config, requests, step }, plan.folder, options, world), plan.filled);
}

interface Asking {
  name: string;
  config: ModelConfig;
  requests: readonly CompleteRequest[];
  step: string | null;
}

async function askAll(
  { name, config, requests, step }: Asking,
  folder: string,
  { onEvent, signal }: AskOptions,
  { env, nowMs }: Pick<SystemWorld, 'env' | 'nowMs'>,
): Promise<void> {
  const model = await openModel(name, withoutPatience(config), {
    env,
    folder,
    ...(signal ? { signal } : {}),
  });
  const close = (): void => void model.close();
  signal?.addEventListener('abort', close);
  const turns = inTurn(onEvent);
  try {
    signal?.throwIfAborted();
    const failures = await Promise.all(
      requests.map(async (request, at) => {
        const asked = { request, at, step, tell: turns.tell, nowMs };
        const failure = await askOne(model, asked).finally(() => turns.ended(at));
        return failure;
      }),
    );
    const first = failures.find((failure) => failure !== null);
    if (first && !failures.includes(null)) throw asModelError(first, serverOf(name, config));
  } finally {
    signal?.removeEventListener('abort', close);
    await model.close();
  }
}

interface AskedOne {
  request: CompleteRequest;
  at: number;
  step: string | null;
  tell: (event: AskEvent) => void;
  nowMs: () => number;
}

/** Null, or why there is no reply. Rejects for what is not about this reply alone. */
async function askOne(model: Model, { request, at, step, tell, nowMs }: AskedOne): Promise<RowError | null> {
  const record: CallRecord = { tries: 0, promptTokens: 0, completionTokens: 0, isStoreHit: false };
  tell({ event: 'asked', at, request, prompt: model.promptText?.(request.message) ?? null, step });
  const startedMs = nowMs();
  let written = '';
  const stream = {
    begins() {
      if (written !== '') tell({ event: 'again', at });
      written = '';
    },
    wrote(text: string) {
      written += text;
      tell({ event: 'wrote', at, text });
    },
  };
  try {
    const [choice] = await model.complete({ ...request, record, stream });
    const { text } = choice!;
    if (!text.startsWith(written)) stream.begins();
    // What was held back, or the whole reply of a model that is not read while it writes.
    if (text.length > written.length) stream.wrote(text.slice(written.length));
    tell({ event: 'answered', at, choice: choice!, record, tookMs: nowMs() - startedMs });
    return null;
  } catch (error) {
    if (!(error instanceof RowError)) throw error;
    tell({ event: 'failed', at, error });
    return error;
  }
}

/** All replies come at once; each is told when those before it have ended. */
function inTurn(onEvent: (event: AskEvent) => void) {
  const held = new Map<number, AskEvent[]>();
  const ended = new Set<number>();
  let current = 0;

  return {
    tell(event: AskEvent): void {
      if (event.at === current) return onEvent(event);
      const waiting = held.get(event.at);
      if (waiting) waiting.push(event);
      else held.set(event.at, [event]);
    },
    ended(at: number): void {
      ended.add(at);
      while (ended.has(current)) {
        current += 1;
        for (const event of held.get(current) ?? []) onEvent(event);
      }
    },
  };
}

/** The model, if it can do what is wanted. */
function answering(
  { file, models }: Pick<Plan, 'file' | 'models'>,
  name: string,
  kind: Wanted['kind'],
): ModelConfig {
  if (!Object.hasOwn(models, name))
    throw unfit(file, `no model is called "${name}", ${suggestion(name, Object.keys(models))}`);
  const config = models[name]!;
  const { name: protocol, protocol: spoken } = protocolOf(config);
  const ability = kind === 'generate' ? 'preQuery' : 'complete';
  const can =
    ability === 'complete' ? spoken.abilities.complete !== undefined : describeModel(config).can.preQuery;
  if (!can) {
    const what = kind === 'generate' ? 'be given a bare user message' : 'answer a message';
    const advice =
      kind === 'generate' && spoken.abilities.complete !== undefined ? '; or ask it with --question' : '';
    throw unfit(
      file,
      `model ${name} (${protocol}) cannot ${what}; expected a model of kind ${protocolsThatCan(ability)}${advice}`,
    );
  }
  if (!protocol.endsWith('Batch')) return config;
  throw unfit(
    file,
    `model ${name} (${protocol}) answers files of requests, which takes hours; expected one that answers at once, ` +
      `as ${protocol.slice(0, -'Batch'.length)}`,
  );
}

function unfit(file: string, message: string): ScaleQuestError {
  return new ScaleQuestError('ERR_PIPELINE_MODEL', message, { at: { file } });
}

import { z } from 'zod';
import { ScaleQuestError } from '../../errors.js';
import type {
  Choice,
  CompleteRequest,
  ExecuteRequest,
  Finish,
  Model,
  ModelCalls,
  ModelStats,
  StepUse,
  TestRun,
} from '../model.js';
import { useOf } from '../server/tally.js';
import { isTokenCount, tokenCount } from '../server/tokenCount.js';
import { type RequestKeys, requestKeys } from './requestKey.js';

/** What a model needs of the store (src/store/store.ts). */
export interface ReplyStore {
  readonly path: string;
  /** A promise where the store is another process's. */
  get(key: string): string | undefined | Promise<string | undefined>;
  /** Resolves when the reply is durable, with the one that counts where another process's came first. */
  put(key: string, text: string): Promise<string | undefined | void>;
  /** The request failed: there will be no reply to put. */
  release?(key: string): void;
  count(model: string, isHit: boolean): void;
}

const FINISHES = [
  'stop',
  'length',
  'repetition',
  'filter',
  'toolCall',
  'reasoning',
] as const satisfies Finish[];

/** A count of tokens. Versions before 0.1.0 stored what a server said, whatever it was: JSON has null for what is no number. */
const count = z.unknown().transform((value) => tokenCount(value) ?? 0);

/** What a choice has beside text, finish and tokens, if it has any of it. */
const storedMore = z
  .object({
    reasoning: z.string().optional(),
    reasoningTokens: z.unknown().optional().transform(tokenCount),
    reason: z.string().optional(),
  })
  .catch({ reasoningTokens: undefined });

function choiceOf([text, finish, tokens, ...more]: [string, Finish, number, ...unknown[]]): Choice {
  const { reasoningTokens, ...known } = storedMore.parse(more[0] ?? {});
  return { text, finish, tokens, ...known, ...(reasoningTokens !== undefined && { reasoningTokens }) };
}

/** A reply in the store: `[kind, model, tokens, reply]`, as JSON. A choice is `[text, finish, tokens]`, and an object with more. */
const storedReply = {
  complete: z.tuple([
    z.literal('complete'),
    z.string(),
    count,
    z.array(z.tuple([z.string(), z.enum(FINISHES), count], z.unknown()).transform(choiceOf)),
  ]),
  choose: numbersReply('choose'),
  score: numbersReply('score'),
  embed: z.tuple([z.literal('embed'), z.string(), count, z.array(z.array(z.number()))]),
  // A test that went well, and then what was printed; or what went wrong.
  execute: z.tuple([z.literal('execute'), z.string(), count, z.array(z.tuple([z.boolean(), z.string()]))]),
};

type Kind = keyof typeof storedReply;

const storedHead = z.tuple([z.string(), z.string(), count, z.unknown()]);

function numbersReply<const K extends string>(kind: K) {
  return z.tuple([z.literal(kind), z.string(), count, z.array(z.number())]);
}

/**
 * A model that asks the store first. A call that the store cannot answer goes to `model`, and resolves when its reply is
 * durable: no row moves on with a reply that it would have to pay for again after a crash. Single-flight: calls in flight that
 * ask the same share one request, because the same question has one answer. A call that fails stores nothing: what went wrong
 * (a lost server, a prompt too long for it, fewer choices than asked) may be mended, and must not be remembered.
 *
 * `identity` decides which replies are this model's: see `requestKeys`. Calls also reject with ERR_STORE_DAMAGED and
 * ERR_STORE_WRITE, which end the run.
 */
export function withStore(model: Model, store: ReplyStore, identity: string): Model {
  const keys = requestKeys(identity);
  const inFlight = new Map<string, Promise<unknown>>();
  const uses = new Map<string, StepUse>();
  let hits = 0;

  function answer<T extends Results>(
    key: string,
    codec: Codec<T>,
    count: number,
    asker: Asker,
    ask: () => Promise<T>,
  ): Promise<T> {
    const asked = inFlight.get(key) as Promise<T> | undefined;
    if (asked) return countHit(asked, asker);
    const call = { key, codec, count, asker, ask };
    let answered: Promise<T>;
    try {
      const text = store.get(key);
      if (text instanceof Promise)
        answered = text.then((found) => (found === undefined ? pay(call) : hit(call, found)));
      else if (text !== undefined) return hit(call, text);
      else answered = pay(call);
    } catch (error) {
      return Promise.reject(error);
    }
    const settled = answered.finally(() => inFlight.delete(key));
    inFlight.set(key, settled);
    return settled;
  }

  function hit<T extends Results>({ codec, count, asker }: Call<T>, text: string): Promise<T> {
    return countHit(Promise.resolve(read(store, text, codec, count)), asker);
  }

  function countHit<T>(answered: Promise<T>, { step, record }: Asker): Promise<T> {
    if (record) record.isStoreHit = true;
    hits += 1;
    if (step !== undefined) useOf(uses, step).storeHits += 1;
    store.count(model.name, true);
    return answered;
  }

  async function pay<T extends Results>({ key, codec, count, ask }: Call<T>): Promise<T> {
    store.count(model.name, false);
    try {
      const reply = await ask();
      const first = await store.put(key, codec.write(model.name, reply));
      return first === undefined ? reply : read(store, first as string, codec, count);
    } catch (error) {
      store.release?.(key);
      throw error;
    }
  }

  return {
    ...model,
    ...callsOf(model, keys, answer),
    stats: () => withHits(model.stats(), hits, uses),
  };
}

type Answer = <T extends Results>(
  key: string,
  codec: Codec<T>,
  count: number,
  asker: Asker,
  ask: () => Promise<T>,
) => Promise<T>;

/** Each call of the model, answered by `answer`. */
function callsOf(model: Model, keys: RequestKeys, answer: Answer): ModelCalls {
  return {
    complete: (request) =>
      answer(keys.complete(request), CHOICES, request.n, request, () => model.complete(request)),
    choose: (request) =>
      answer(keys.choose(request), PROBABILITIES, request.options.length, request, () =>
        model.choose(request),
      ),
    score: (request) =>
      answer(keys.score(request), SCORES, request.items.length, request, () => model.score(request)),
    embed: (request) =>
      answer(keys.embed(request), VECTORS, request.texts.length, request, () => model.embed(request)),
    execute: (request) =>
      answer(keys.execute(request), TEST_RUNS, testsCount(request), request, () => model.execute(request)),
  };
}

function testsCount({ tests }: ExecuteRequest): number {
  return tests.kind === 'asserts' ? tests.asserts.length : tests.inputs.length;
}

function withHits(stats: ModelStats, hits: number, uses: ReadonlyMap<string, StepUse>): ModelStats {
  if (uses.size === 0) return { ...stats, storeHits: hits };
  const steps = new Map(Object.entries(stats.steps ?? {}));
  for (const [step, { storeHits }] of uses) steps.set(step, { ...useOf(steps, step), storeHits });
  return { ...stats, storeHits: hits, steps: Object.fromEntries(steps) };
}

/** The step that asks, and who wants to know how it went. */
type Asker = Pick<CompleteRequest, 'step' | 'record'>;

/** A request of a model, and how its reply is kept. */
interface Call<T> {
  key: string;
  codec: Codec<T>;
  /** Results that the reply must have. */
  count: number;
  asker: Asker;
  ask: () => Promise<T>;
}

/** One result for each thing asked. */
type Results = readonly unknown[];

interface Codec<T> {
  kind: Kind;
  write(model: string, reply: T): string;
  /** Returns undefined for a value that this kind does not write. */
  read(value: unknown): T | undefined;
}

function read<T extends Results>({ path }: ReplyStore, text: string, codec: Codec<T>, count: number): T {
  const reply = codec.read(parseJson(text));
  if (reply && reply.length === count) return reply;
  throw new ScaleQuestError(
    'ERR_STORE_DAMAGED',
    `the store ${path} holds ${JSON.stringify(text.slice(0, 60))} for a request of kind ${codec.kind}, expected its ` +
      `${count} results. \`scalequest store ${path} --prune-damaged\` removes what cannot be read`,
    { data: { path } },
  );
}

const CHOICES: Codec<Choice[]> = {
  kind: 'complete',
  write(model, choices) {
    const tokens = choices.reduce((sum, choice) => sum + choice.tokens, 0);
    const reply = choices.map(writtenChoice);
    return JSON.stringify(['complete', model, tokens, reply]);
  },
  read(value) {
    if (!isPlain('complete', value)) return resultOf(storedReply.complete.safeParse(value));
    return (value[3] as PlainChoice[]).map(([text, finish, tokens]) => ({ text, finish, tokens }));
  },
};

/** Most choices have nothing more, and to look costs less than to take it apart. */
function writtenChoice(choice: Choice): unknown[] {
  const { reasoning, reasoningTokens, reason } = choice;
  if (reasoning === undefined && reasoningTokens === undefined && reason === undefined) {
    return [choice.text, choice.finish, choice.tokens];
  }
  const { text, finish, tokens, ...more } = choice;
  return [text, finish, tokens, more];
}

type PlainChoice = [string, 'stop' | 'length', number];

const PROBABILITIES = numbersCodec('choose');
const SCORES = numbersCodec('score');

const VECTORS: Codec<number[][]> = {
  kind: 'embed',
  write: (model, vectors) => `["embed",${JSON.stringify(model)},0,[${vectors.map(writeNumbers).join(',')}]]`,
  read: (value) => resultOf(storedReply.embed.safeParse(value)),
};

const TEST_RUNS: Codec<TestRun[]> = {
  kind: 'execute',
  write: (model, runs) => JSON.stringify(['execute', model, 0, runs.map(({ isOk, text }) => [isOk, text])]),
  read: (value) => resultOf(storedReply.execute.safeParse(value))?.map(([isOk, text]) => ({ isOk, text })),
};

function numbersCodec(kind: 'choose' | 'score'): Codec<number[]> {
  return {
    kind,
    write: (model, numbers) => `["${kind}",${JSON.stringify(model)},0,${writeNumbers(numbers)}]`,
    read: (value) =>
      isPlain(kind, value) ? (value[3] as number[]) : resultOf(storedReply[kind].safeParse(value)),
  };
}

/** Finite numbers; JSON.stringify would lose the sign of -0, and the same reply must give the same bytes. */
function writeNumbers(numbers: readonly number[]): string {
  return `[${numbers.map((value) => (Object.is(value, -0) ? '-0' : `${value}`)).join(',')}]`;
}

function resultOf<T>(parsed: { success: true; data: [unknown, unknown, unknown, T] } | { success: false }) {
  return parsed.success ? parsed.data[3] : undefined;
}

/**
 * Whether a value is a stored reply in its usual form. The schema decides about every other one. Its check would cost more
 * than all the rest of a hit.
 */
function isPlain(
  kind: Exclude<Kind, 'embed' | 'execute'>,
  value: unknown,
): value is [string, string, number, unknown[]] {
  if (!Array.isArray(value) || value.length !== 4) return false;
  const [found, model, tokens, reply] = value as unknown[];
  if (found !== kind || typeof model !== 'string' || !isTokenCount(tokens) || !Array.isArray(reply))
    return false;
  return reply.every(kind === 'complete' ? isPlainChoice : Number.isFinite);
}

function isPlainChoice(value: unknown): boolean {
  if (!Array.isArray(value) || value.length !== 3) return false;
  const [text, finish, tokens] = value as unknown[];
  return typeof text === 'string' && (finish === 'stop' || finish === 'length') && isTokenCount(tokens);
}

/** Whether a text of the store is a reply of any kind. */
export function isStoredReply(text: string): boolean {
  const value = parseJson(text);
  return Object.values(storedReply).some((schema) => schema.safeParse(value).success);
}

/** What a text of the store says besides its reply; null if it is no reply. */
export function storedHeadOf(text: string): { kind: string; model: string; tokens: number } | null {
  const head = storedHead.safeParse(parseJson(text));
  return head.success ? { kind: head.data[0], model: head.data[1], tokens: head.data[2] } : null;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

import type {
  ControlledEvaluateInputItem,
  LlamaContextSequence,
  LlamaGrammarEvaluationState,
  LlamaModel,
  Token,
  TokenBias,
} from 'node-llama-cpp';
import { deriveSeed } from '../../random.js';
import { CONTEXT_TOKENS_DEFAULT_MAX } from '../limits.js';
import { withoutBinaryTest } from './binaryTest.js';
import { promptTokenizer } from './promptTokens.js';
import type { CompleteJob, EngineChoice, EngineOptions, FromEngine, GgufTokenizer, Job } from './messages.js';
import { isBatchInvariant } from './batchInvariance.js';
import { COUNTED, type ReadNext, choiceProbabilities } from './choiceProbabilities.js';
import { GRAMMAR_END, type Grammar, heldToken, isWhole, rememberGrammars } from './grammar.js';
import { promptEvaluator } from './promptEvaluator.js';
import { samplerMemory } from './samplerMemory.js';
import { samplingOf } from './sampling.js';

/**
 * A llama.cpp context driven in lockstep: each turn of the loop decodes one token of every running completion, in
 * ascending sequence order, which llama.cpp needs to put them into one batch. Prompts are evaluated alone, and flash
 * attention is off, so that a reply depends on its request and never on what else is running. For the same reason each
 * token is a batch of its own where batches change probabilities (batchInvariance.ts).
 */
export interface Engine {
  tokenizer: GgufTokenizer;
  submit(job: Job): void;
  dispose(): Promise<void>;
}

/** Runs one completion at a time. Its choices run one after the other on one sequence, so the prompt is evaluated once. */
interface Slot {
  index: number;
  sequence: LlamaContextSequence;
  running: {
    job: CompleteJob;
    prompt: Token[];
    stops: Stops;
    choices: EngineChoice[];
    grammar: Grammar | null;
    /** Tokens of the choice that is being written; the next step evaluates the last of them. */
    tokens: Token[];
  } | null;
}

interface Stops {
  tokens: ReadonlySet<Token>;
  texts: readonly string[];
}

type Reply = (message: FromEngine) => void;

/** Any text of many different tokens does. */
const TRIAL =
  'Seven farmers bring 24 boxes of apples to the market. How many of them are left, if each sells a third before noon?';

/** `collectGarbage`: frees what is unreachable (samplerMemory.ts says why). */
export async function openEngine(
  options: EngineOptions,
  reply: Reply,
  collectGarbage: () => void = () => undefined,
): Promise<Engine> {
  const { getLlama, LlamaGrammarEvaluationState, LlamaLogLevel, TokenBias } = await import('node-llama-cpp');
  const load = () =>
    getLlama({
      build: 'never',
      gpu: options.gpu ? 'auto' : false,
      maxThreads: 1,
      logLevel: LlamaLogLevel.error,
    });
  const llama = await (options.gpu ? load() : withoutBinaryTest(load));
  const model = await llama.loadModel({ modelPath: options.path });
  const contextTokens = contextTokensOf(model, options.contextTokens);
  const context = await model.createContext({
    // One more than asked for: `choose` has a sequence of its own, on which neighbouring jobs share their prefix.
    sequences: options.sequences + 1,
    contextSize: contextTokens,
    batchSize: contextTokens,
    flashAttention: false,
    threads: 1,
    // A batch may be as long as the context, so that a cache for sliding windows is whole anyway; this way it needs no checkpoints.
    swaFullCache: true,
    ...keyCacheType(model),
  });
  const scoring = context.getSequence();
  const slots: Slot[] = Array.from({ length: options.sequences }, (_, index) => ({
    index,
    sequence: context.getSequence(),
    running: null,
  }));
  return drive({
    ...{ model, scoring, slots, contextTokens, reply, collectGarbage },
    batchesMatter: !options.gpu && !(await isInvariant(model, scoring)),
    biasOf: (tokens, logit) => TokenBias.for(model).set(tokens, { logit }),
    grammarOf: rememberGrammars(async (schema) => {
      const grammar = await llama.createGrammarForJsonSchema(schema as { type: 'object' });
      return () => new LlamaGrammarEvaluationState({ model, grammar });
    }),
    held: { tokenBias: TokenBias.for(model).set(controlTokens(model), 'never') },
    dispose: () => llama.dispose(),
  });
}

/** Beyond what it was trained for, a model writes nonsense without saying so. */
function contextTokensOf(model: LlamaModel, wanted: number | undefined): number {
  const trained = model.trainContextSize;
  if (wanted === undefined) return Math.min(trained, CONTEXT_TOKENS_DEFAULT_MAX);
  if (wanted <= trained) return wanted;
  throw new Error(`it was trained for ${trained} tokens of context, found contextTokens: ${wanted}`);
}

/**
 * llama.cpp's AVX-512 product of half-precision rows takes 64 numbers at a step and what is left one by one, so heads of
 * 32 numbers would spend most of a decoding step there. As Q8_0 they are one whole block, and decoding is twice as fast.
 */
export function keyCacheType(model: LlamaModel): { experimentalKvCacheKeyType?: 'Q8_0' } {
  const { embedding_length: width, attention } = model.fileInfo.architectureMetadata;
  const heads = attention?.head_count;
  if (typeof width !== 'number' || typeof heads !== 'number') return {};
  const headWidth = attention?.key_length ?? width / heads;
  return headWidth % 32 === 0 && headWidth % 64 !== 0 ? { experimentalKvCacheKeyType: 'Q8_0' } : {};
}

async function isInvariant(model: LlamaModel, sequence: LlamaContextSequence): Promise<boolean> {
  const isSame = await isBatchInvariant(model.tokenize(TRIAL), async (kept, batch, isLookedAt) => {
    await sequence.adaptStateToTokens([...kept], false);
    const generateNext = { probabilities: true, options: COUNTED };
    const last: ControlledEvaluateInputItem = isLookedAt ? [batch.at(-1)!, { generateNext }] : batch.at(-1)!;
    const outputs = await sequence.controlledEvaluate([...batch.slice(0, -1), last]);
    return (isLookedAt && outputs.at(-1)?.next.probabilities) || null;
  });
  await sequence.clearHistory();
  return isSame;
}

function ggufTokenizerOf({ tokens, fileInfo }: LlamaModel): GgufTokenizer {
  return {
    // An empty one is none.
    chatTemplate: fileInfo.metadata.tokenizer?.chat_template || null,
    bos: tokens.bosString ?? undefined,
    eos: tokens.eosString ?? undefined,
  };
}

interface Loaded {
  model: LlamaModel;
  scoring: LlamaContextSequence;
  slots: Slot[];
  contextTokens: number;
  reply: Reply;
  collectGarbage: () => void;
  batchesMatter: boolean;
  biasOf: (tokens: Token[], logit: number) => TokenBias;
  /** No control token in a choice that a grammar holds: their names would be as good in a string as other texts. */
  held: { tokenBias: TokenBias };
  /** A new state for each choice. */
  grammarOf: (schema: object) => Promise<() => LlamaGrammarEvaluationState>;
  dispose: () => Promise<void>;
}

function drive(loaded: Loaded): Engine {
  const { model, scoring, slots, contextTokens, batchesMatter, reply, held } = loaded;
  const vocabularyTokens = [...model.iterateAllTokens()].length;
  const samplers = samplerMemory(vocabularyTokens, loaded.collectGarbage);
  const waiting: Job[] = [];
  const tokenize = promptTokenizer(model);
  let looping = false;
  let disposed = false;

  async function loop(): Promise<void> {
    if (looping) return;
    looping = true;
    while (!disposed && (waiting.length > 0 || slots.some(({ running }) => running))) {
      await startWaiting();
      const active = slots.filter(({ running }) => running);
      if (active.length > 0) await decodeStep(active);
      samplers.free();
    }
    looping = false;
  }

  async function startWaiting(): Promise<void> {
    for (let at = 0; at < waiting.length && !disposed;) {
      const job = waiting[at]!;
      const idle = job.kind === 'complete' ? slots.find(({ running }) => !running) : null;
      if (idle === undefined) {
        at += 1;
        continue;
      }
      waiting.splice(at, 1);
      await guarded(job, () => start(job, idle));
    }
  }

  async function guarded(job: Job, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      reply({ kind: 'failed', id: job.id, message: (error as Error).message });
    }
    samplers.free();
  }

  async function start(job: Job, slot: Slot | null): Promise<void> {
    const tokenized = tokenize(job.prompt);
    if ('marker' in tokenized) return reply({ kind: 'marked', id: job.id, ...tokenized });
    const { tokens: prompt } = tokenized;
    if (prompt.length >= contextTokens) {
      reply({ kind: 'promptTooLong', id: job.id, promptTokens: prompt.length, contextTokens });
      return;
    }
    if (job.kind === 'choose') {
      const options = job.options.map((option) => model.tokenize(option, false)[0]!);
      const read = readNextOf(prompt);
      const probabilities = await choiceProbabilities(options, vocabularyTokens, read, loaded.biasOf);
      reply({ kind: 'chosen', id: job.id, promptTokens: prompt.length, probabilities });
      return;
    }
    await evaluate(slot!.sequence, prompt.slice(0, -1));
    const begin = job.schema ? await loaded.grammarOf(job.schema) : null;
    slot!.running = {
      ...{ job, prompt, choices: [], tokens: [] },
      stops: stopsOf(model, begin ? [...job.stop, GRAMMAR_END] : job.stop),
      grammar: begin && { begin, state: begin() },
    };
  }

  function evaluateNew(sequence: LlamaContextSequence, tokens: ControlledEvaluateInputItem[]) {
    samplers.add();
    return sequence.controlledEvaluate(tokens);
  }
  const evaluate = promptEvaluator(batchesMatter, evaluateNew);

  function readNextOf(prompt: Token[]): ReadNext {
    return async (look) => {
      await evaluate(scoring, prompt.slice(0, -1));
      const generateNext = { probabilities: true, ...(look && { options: look }) };
      const [output] = await evaluateNew(scoring, [[prompt.at(-1)!, { generateNext }]]);
      return output!.next.probabilities!;
    };
  }

  async function decodeStep(active: Slot[]): Promise<void> {
    const sampled = batchesMatter
      ? await inTurn(active, nextToken)
      : await Promise.all(active.map((slot) => nextToken(slot)));
    for (const [at, slot] of active.entries()) await take(slot, sampled[at]!);
  }

  async function nextToken({ sequence, running }: Slot): Promise<Token | null> {
    const { job, prompt, tokens, choices, grammar } = running!;
    const seed = deriveSeed(job.seed, 'token', choices.length, tokens.length);
    const last = tokens.at(-1) ?? prompt.at(-1)!;
    const options = { ...samplingOf(vocabularyTokens, job.temperature, job.topP), seed };
    if (grammar) return heldToken(sequence, last, { ...options, ...held }, grammar.state, samplers.add);
    const [output] = await evaluateNew(sequence, [[last, { generateNext: { token: true, options } }]]);
    return output?.next.token ?? null;
  }

  async function take(slot: Slot, token: Token | null): Promise<void> {
    const { job, prompt, stops, tokens } = slot.running!;
    if (token === null || stops.tokens.has(token) || model.isEogToken(token))
      return finishChoice(slot, 'stop');
    tokens.push(token);
    if (stops.texts.length > 0 && endsWithStop(tokens, stops.texts)) return finishChoice(slot, 'stop');
    if (job.isWatched) reply({ kind: 'wrote', id: job.id, text: model.detokenize(tokens, false) });
    const full = tokens.length >= job.tokensMax || prompt.length + tokens.length >= contextTokens;
    if (full) await finishChoice(slot, 'length');
  }

  function endsWithStop(tokens: Token[], stops: readonly string[]): boolean {
    const tail = model.detokenize(tokens.slice(-32), true);
    return stops.some((stop) => tail.includes(stop));
  }

  async function finishChoice(slot: Slot, finish: 'stop' | 'length'): Promise<void> {
    const { job, prompt, stops, tokens, choices, grammar } = slot.running!;
    const whole = model.detokenize(tokens, false);
    const cut = stops.texts.map((stop) => whole.indexOf(stop)).filter((index) => index >= 0);
    const text = whole.slice(0, Math.min(whole.length, ...cut));
    choices.push({ text, finish: grammar && isWhole(text) ? 'stop' : finish, tokens: tokens.length });
    if (choices.length < job.n) {
      slot.running!.tokens = [];
      if (grammar) grammar.state = grammar.begin();
      await evaluate(slot.sequence, prompt.slice(0, -1));
      return;
    }
    reply({ kind: 'completed', id: job.id, promptTokens: prompt.length, choices });
    slot.running = null;
  }

  return {
    tokenizer: ggufTokenizerOf(model),
    submit(job) {
      waiting.push(job);
      // Jobs that come in the same turn of the event loop join before the first evaluation.
      setImmediate(() => void loop());
    },
    async dispose() {
      disposed = true;
      await loaded.dispose();
    },
  };
}

/** Grammars let tokens that end a text pass at the end alone; the other control tokens are texts to them. */
function controlTokens(model: LlamaModel): Token[] {
  const isControl = (token: Token): boolean =>
    model.getTokenAttributes(token).control && !model.isEogToken(token);
  return [...model.iterateAllTokens()].filter(isControl);
}

/** What is asked for at the same time goes into one batch. */
async function inTurn<A, B>(items: readonly A[], work: (item: A) => Promise<B>): Promise<B[]> {
  const results: B[] = [];
  for (const item of items) results.push(await work(item));
  return results;
}

/**
 * A marker is a single control token, which no text holds. Any other stop string is searched for in the text, a single token
 * too: what ends in a line break may be one token with it.
 */
export function stopsOf(
  model: Pick<LlamaModel, 'tokenize' | 'getTokenAttributes'>,
  stop: readonly string[],
): Stops {
  const tokens = new Set<Token>();
  const texts: string[] = [];
  for (const text of stop) {
    const [token, ...more] = model.tokenize(text, true);
    if (token !== undefined && more.length === 0 && model.getTokenAttributes(token).control)
      tokens.add(token);
    else texts.push(text);
  }
  return { tokens, texts };
}

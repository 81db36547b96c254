import type { SequenceEvaluateOptions, Token, TokenBias } from 'node-llama-cpp';
import { NO_TOP_K, isLargeVocabulary } from './sampling.js';

/** How the next token is looked at: the sampler's options. */
type Look = Pick<SequenceEvaluateOptions, 'temperature' | 'topP' | 'topK' | 'minP' | 'tokenBias'>;

/** The probabilities of the next token, as far as the sampler's filters keep tokens. */
export type ReadNext = (look?: Look) => Promise<ReadonlyMap<Token, number>>;

/**
 * Probabilities are sums of 32-bit numbers, from the likeliest token (which counts 1) down. Below half a last digit of 1, which
 * is 6e-8, a token adds nothing to the sum: without these tokens, each probability is the same to the last bit.
 */
const COUNTED_MIN = 5e-8;

/** Looks at the tokens that count. */
export const COUNTED: Look = { temperature: 1, topP: 1, topK: NO_TOP_K, minP: COUNTED_MIN };

/** Lifts a token above all others, by logit. In 32-bit numbers, what stays below keeps a probability. */
const LIFT = 60;

/**
 * The probabilities of these tokens. The whole vocabulary is asked for only where it is small: handing 262,144 tokens over
 * takes longer than evaluating a prompt.
 */
export async function choiceProbabilities(
  options: readonly Token[],
  vocabularyTokens: number,
  read: ReadNext,
  biasOf: (tokens: Token[], logit: number) => TokenBias,
): Promise<number[]> {
  if (!isLargeVocabulary(vocabularyTokens)) {
    const all = await read();
    return options.map((option) => all.get(option) ?? 0);
  }
  const counted = await read(COUNTED);
  const unlikely = [...new Set(options)].filter((option) => !counted.has(option));
  if (unlikely.length === 0) return options.map((option) => counted.get(option)!);

  // Beside the likeliest token, whose probability is known, the lifted ones tell theirs.
  const look = { ...COUNTED, minP: 0, topK: unlikely.length + 1, tokenBias: biasOf(unlikely, LIFT) };
  const lifted = await read(look);
  const [likeliest, probability] = likeliestOf(counted);
  const scale = probability / lifted.get(likeliest)! / Math.exp(LIFT);
  return options.map((option) => counted.get(option) ?? (lifted.get(option) ?? 0) * scale);
}

function likeliestOf(probabilities: ReadonlyMap<Token, number>): [Token, number] {
  return [...probabilities].reduce((best, each) => (each[1] > best[1] ? each : best));
}

/** node-llama-cpp's way to leave a filter out; `undefined` would be its default of 40 tokens. */
export const NO_TOP_K = null as unknown as number;

/** Up to this size a vocabulary is sorted in well under a millisecond. */
const SORTED_TOKENS_MAX = 4_096;

/** A vocabulary that costs more than a token when it is sorted, or handed over, as a whole. */
export function isLargeVocabulary(tokens: number): boolean {
  return tokens > SORTED_TOKENS_MAX;
}

export interface Sampling {
  temperature: number;
  topP: number;
  topK: number;
  minP: number;
}

/**
 * The sampler's filters. `topK: 0` keeps all tokens but sorts them, which took as long as the rest of a step with 262,144 of
 * them. Without it, top-p sorts only the tokens that it keeps. Small vocabularies stay sorted: their texts do not change.
 */
export function samplingOf(vocabularyTokens: number, temperature: number, topP: number): Sampling {
  return { temperature, topP, topK: isLargeVocabulary(vocabularyTokens) ? NO_TOP_K : 0, minP: 0 };
}

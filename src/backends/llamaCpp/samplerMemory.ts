/** A candidate of llama.cpp: its id, logit and probability (`llama_token_data` of llama.h). */
const CANDIDATE_BYTES = 12;

/** With 262,144 tokens this is a collection in 21 tokens, which costs less than one of them. */
const HELD_BYTES_MAX = 64 * 2 ** 20;

/** The native memory of the samplers that were made since the last collection. */
export interface SamplerMemory {
  /** A sampler was made. */
  add(): void;
  /** Frees the samplers if they are many. Only while none is in use: a sampler that lives through a collection is freed late. */
  free(): void;
}

/**
 * node-llama-cpp makes a sampler for every evaluation, with a list of the whole vocabulary. Its `dispose` keeps the list, which
 * goes when the JavaScript object is collected. V8 sees an object of a few bytes and hardly ever does: 3 MB a token were held
 * with 262,144 tokens. So we count the bytes, and collect: old objects too, for samplers grow old while others are in use.
 */
export function samplerMemory(vocabularyTokens: number, collectGarbage: () => void): SamplerMemory {
  let samplers = 0;
  return {
    add() {
      samplers += 1;
    },
    free() {
      if (samplers * vocabularyTokens * CANDIDATE_BYTES < HELD_BYTES_MAX) return;
      collectGarbage();
      samplers = 0;
    },
  };
}

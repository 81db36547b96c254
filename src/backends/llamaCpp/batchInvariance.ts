import type { Token } from 'node-llama-cpp';
import type { ReadNext } from './choiceProbabilities.js';

/** Tokens that all trials begin with, evaluated as one batch. */
const KEPT_TOKENS = 16;
/** Tokens behind them, evaluated in batches of each size. */
const TRIAL_TOKENS = 16;
/** After so many of them the probabilities are looked at: where one row is the same by chance, the next ones are not. */
const LOOK_TOKENS = 4;

/** Sizes of batches: llama.cpp has kernels for one row, for a few, for many. */
const BATCH_TOKENS = [1, 2, 4, 8, 16];

type Probabilities = Awaited<ReturnType<ReadNext>>;

/** Evaluates these in one batch behind `kept` tokens of the sequence. Gives the probabilities of the next token where asked for. */
export type EvaluateBatch = (
  kept: readonly Token[],
  batch: readonly Token[],
  isLookedAt: boolean,
) => Promise<Probabilities | null>;

/**
 * Whether a token's probabilities are the same to the last bit in a batch of any size, alone or among others. They are not where
 * llama.cpp multiplies single rows by another kernel than many: with weights of Q4_K on x64, for example, probabilities move by
 * a hundredth. It depends on the types of the weights and on the CPU, so we try it.
 */
export async function isBatchInvariant(trial: readonly Token[], evaluate: EvaluateBatch): Promise<boolean> {
  const count = KEPT_TOKENS + TRIAL_TOKENS;
  const tokens = Array.from({ length: count }, (_, at) => trial[at % trial.length]!);
  await evaluate([], tokens.slice(0, KEPT_TOKENS), false);
  const found = new Map<number, Probabilities>();
  for (const size of BATCH_TOKENS) {
    for (let at = KEPT_TOKENS; at < count; at += size) {
      const end = at + size;
      const isLookedAt = end % LOOK_TOKENS === 0;
      const probabilities = await evaluate(tokens.slice(0, at), tokens.slice(at, end), isLookedAt);
      if (!probabilities) continue;
      const before = found.get(end);
      if (before && !isSame(before, probabilities)) return false;
      found.set(end, probabilities);
    }
  }
  return true;
}

function isSame(a: Probabilities, b: Probabilities): boolean {
  return a.size === b.size && [...a].every(([token, probability]) => b.get(token) === probability);
}

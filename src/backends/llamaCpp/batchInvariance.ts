import type { Token } from 'node-llama-cpp';
import type { ReadNext } from './choiceProbabilities.js';

/** Tokens of the trial. */
const TRIAL_TOKENS = 32;

/** Sizes of batches in which its last tokens are evaluated again: llama.cpp has kernels for one row, for a few, for many. */
const LAST_TOKENS = [1, 2, 4, 8, 16];

/** Gives the probabilities of the token after these, which are evaluated in one batch behind `kept` tokens of the sequence. */
export type EvaluateBatch = (kept: readonly Token[], batch: readonly Token[]) => ReturnType<ReadNext>;

/**
 * Whether a token's probabilities are the same to the last bit in a batch of any size, alone or among others. They are not where
 * llama.cpp multiplies single rows by another kernel than many: with weights of Q4_K on x64, for example, probabilities move by
 * a hundredth. It depends on the types of the weights and on the CPU, so we try it.
 */
export async function isBatchInvariant(trial: readonly Token[], evaluate: EvaluateBatch): Promise<boolean> {
  const tokens = Array.from({ length: TRIAL_TOKENS }, (_, at) => trial[at % trial.length]!);
  const whole = await evaluate([], tokens);
  for (const size of LAST_TOKENS) {
    const again = await evaluate(tokens.slice(0, -size), tokens.slice(-size));
    if (!isSame(whole, again)) return false;
  }
  return true;
}

function isSame(a: ReadonlyMap<Token, number>, b: ReadonlyMap<Token, number>): boolean {
  return a.size === b.size && [...a].every(([token, probability]) => b.get(token) === probability);
}

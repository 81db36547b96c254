import type { LlamaContextSequence, Token } from 'node-llama-cpp';

/**
 * Where batches matter (batchInvariance.ts), prompts are evaluated in chunks of so many tokens: a chunk then is the same batch
 * whenever it is evaluated, and the next prompt that begins with it need not evaluate it again.
 */
export const CHUNK_TOKENS = 64;

/** What it needs of a sequence. */
export type EvaluatedSequence = Pick<
  LlamaContextSequence,
  'contextTokens' | 'nextTokenIndex' | 'needsCheckpoints' | 'adaptStateToTokens'
>;

/**
 * Makes a sequence hold exactly the tokens of a prompt. What it shares with them already is not evaluated again, as far as that
 * changes nothing. `evaluate` evaluates tokens behind those that the sequence holds, as one batch.
 */
export function promptEvaluator<Sequence extends EvaluatedSequence>(
  batchesMatter: boolean,
  evaluate: (sequence: Sequence, tokens: Token[]) => Promise<unknown>,
): (sequence: Sequence, tokens: Token[]) => Promise<void> {
  /** Tokens of each sequence that were evaluated as a prompt. */
  const held = new Map<Sequence, number>();

  function keptOf(sequence: Sequence, wanted: readonly Token[]): number {
    if (!batchesMatter) return wanted.length;
    const shared = sharedTokens(sequence.contextTokens, wanted);
    const kept = keptTokens(shared, held.get(sequence) ?? 0, wanted.length);
    // A recurrent state cannot go back: the library would evaluate what is kept again, as one batch.
    return sequence.needsCheckpoints && kept < sequence.nextTokenIndex ? 0 : kept;
  }

  return async (sequence, tokens) => {
    // Never by shifting: a shifted cache gives other probabilities than an evaluated one.
    await sequence.adaptStateToTokens(tokens.slice(0, keptOf(sequence, tokens)), false);
    const chunkTokens = batchesMatter ? CHUNK_TOKENS : tokens.length;
    while (sequence.nextTokenIndex < tokens.length) {
      const start = sequence.nextTokenIndex;
      await evaluate(sequence, tokens.slice(start, start + chunkTokens));
    }
    held.set(sequence, tokens.length);
  };
}

/**
 * How many tokens of a sequence may stay for a prompt: whole chunks, or all if it is the same prompt. `shared`: tokens that both
 * begin with. `held`: those of the sequence that were evaluated as a prompt; what it wrote behind them went through batches of one.
 */
function keptTokens(shared: number, held: number, wanted: number): number {
  if (shared === wanted && held === wanted) return wanted;
  const common = Math.min(shared, held);
  return common - (common % CHUNK_TOKENS);
}

function sharedTokens(present: readonly Token[], wanted: readonly Token[]): number {
  const different = wanted.findIndex((token, at) => token !== present[at]);
  return different < 0 ? wanted.length : different;
}

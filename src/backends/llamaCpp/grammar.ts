import type {
  LlamaContextSequence,
  LlamaGrammarEvaluationState,
  SequenceEvaluateOptions,
  Token,
} from 'node-llama-cpp';

/** What holds a choice to a schema. */
export interface Grammar {
  /** A state for the next choice. */
  begin: () => LlamaGrammarEvaluationState;
  /** That of the choice which is being written. */
  state: LlamaGrammarEvaluationState;
}

/** What the library's grammars of schemas end with (`stopGenerationTriggers` of LlamaJsonSchemaGrammar). */
export const GRAMMAR_END = '\n'.repeat(4);

/** Steps have a schema each, and a grammar holds for all their rows. */
const GRAMMARS_MAX = 64;

/** Makes the grammar of a schema once. */
export function rememberGrammars<Made>(
  make: (schema: object) => Promise<Made>,
): (schema: object) => Promise<Made> {
  const grammars = new Map<string, Promise<Made>>();
  return (schema) => {
    const key = JSON.stringify(schema);
    const known = grammars.get(key);
    if (known) return known;
    if (grammars.size >= GRAMMARS_MAX) grammars.clear();
    const made = make(schema);
    grammars.set(key, made);
    return made;
  };
}

/**
 * Evaluates a token and draws the next one, which the grammar allows; null if there is none. `controlledEvaluate`, which evaluates all
 * else, knows no grammars; the library's other way to evaluate is asked for one token at a time.
 */
export async function heldToken(
  sequence: Pick<LlamaContextSequence, 'evaluate'>,
  last: Token,
  options: SequenceEvaluateOptions,
  state: LlamaGrammarEvaluationState,
  addSampler: () => void,
): Promise<Token | null> {
  addSampler();
  const tokens = sequence.evaluate([last], {
    ...options,
    grammarEvaluationState: state,
    yieldEogToken: true,
  });
  try {
    const { value, done } = await tokens.next();
    return done ? null : value;
  } finally {
    await tokens.return();
  }
}

/** Whether a choice that was cut has all of its JSON: only the line ends behind it are missing. */
export function isWhole(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

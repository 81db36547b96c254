import { z } from 'zod';
import type { Message, Model, ScoreItem } from '../../../backends/model.js';
import { RowError } from '../../../errors.js';
import type { RowIdentity } from '../../../flow/steps/columnTypes.js';
import { completeUsable, samplingOptions } from '../completion.js';
import { type RunContext, modelOf, rowSeed } from '../operator.js';

/** How a text is asked for. */
export interface AskHow {
  /**
   * Replies.
   *
   * @default 1
   */
  n?: number;
  /**
   * Sampling temperature; 0 is greedy.
   *
   * @default 0.7
   */
  temperature?: number;
  /**
   * Nucleus sampling: the share of probability kept.
   *
   * @default 0.95
   */
  topP?: number;
  /**
   * Longest reply, in tokens.
   *
   * @default 1024
   */
  tokensMax?: number;
}

/**
 * What asks models for one row: through the pool of the model and the store of replies, as the steps that come with the package do.
 * Seeds follow from the run's seed, the step, the row, and how many `ask` of the row came before: call them in the same order each time.
 * A reply that cannot be used, and a failure of a server, rejects the row with the code that it has in every step.
 */
export interface AskTools<Role extends string = string> {
  /** The usable replies to a user message, trimmed, at least one; to the bare opening of one where the text is null. */
  ask: (role: Role, text: string | null, how?: AskHow) => Promise<string[]>;
  /** The probability of each reply, told apart by its first token, in the order asked. */
  choose: (role: Role, text: string, replies: readonly string[]) => Promise<number[]>;
  /** One number an item: a question with its response, or alone (`assistant: null`). */
  score: (role: Role, items: readonly ScoreItem[]) => Promise<number[]>;
  /** One vector a text. */
  embed: (role: Role, texts: readonly string[]) => Promise<number[][]>;
}

/** What became of the calls of a row. */
export interface AskedCalls {
  /** Throws what ends the run, if a call did. */
  throwEnding(): void;
  /** Whether a call threw this error. */
  isOwn(error: unknown): boolean;
}

const how = z.strictObject({
  n: z.int().min(1).max(64).default(1),
  ...samplingOptions({ temperature: 0.7, topP: 0.95, tokensMax: 1024 }),
});

/** `roles`: the name of the model that has each role. */
export function askTools(
  context: RunContext,
  { step, roles, row }: { step: string; roles: ReadonlyMap<string, string>; row: RowIdentity },
): { ask: AskTools; asked: AskedCalls } {
  const faults = new Set<unknown>();
  let ending: { error: unknown } | undefined;
  let asks = 0;
  const { seq } = row;

  function modelAs(role: string): Model {
    const name = roles.get(role);
    if (name !== undefined) return modelOf(context, name);
    const known = [...roles.keys()].join(', ') || 'none';
    throw new RowError(
      'ROW_OPERATOR',
      `the operator asks a model as "${role}", which its \`models\` do not name; they name ${known}`,
    );
  }

  async function call<T>(role: string, work: (model: Model) => Promise<T>): Promise<T> {
    const model = modelAs(role);
    try {
      return await work(model);
    } catch (error) {
      if (error instanceof RowError) faults.add(error);
      else ending ??= { error };
      throw error;
    }
  }

  return {
    ask: {
      async ask(role, text, given = {}) {
        const sampling = samplingOf(given);
        const seed = rowSeed(context, step, row, asks++);
        const message: Message = text === null ? { kind: 'preQuery' } : { kind: 'user', text };
        const { texts } = await call(role, (model) =>
          completeUsable(model, { seq, message, ...sampling, seed }),
        );
        return texts;
      },
      choose: (role, text, replies) =>
        call(role, (model) => model.choose({ seq, message: { kind: 'user', text }, options: replies })),
      score: (role, items) => call(role, (model) => model.score({ seq, items })),
      embed: (role, texts) => call(role, (model) => model.embed({ seq, texts })),
    },
    asked: {
      isOwn: (error) => faults.has(error),
      throwEnding() {
        if (ending) throw ending.error;
      },
    },
  };
}

function samplingOf(given: AskHow): z.output<typeof how> {
  const parsed = how.safeParse(given);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new RowError('ROW_OPERATOR', `the operator asks with options that do not fit: ${faults.join('; ')}`);
}

/** What became of the calls of several rows. */
export function joinAsked(all: readonly AskedCalls[]): AskedCalls {
  return {
    isOwn: (error) => all.some((asked) => asked.isOwn(error)),
    throwEnding: () => all.forEach((asked) => asked.throwEnding()),
  };
}

import { z } from 'zod';
import type { BatchOperator } from '../flow/batch.js';
import { mapRows } from '../flow/steps/mapRows.js';
import { keep } from '../flow/steps/outcome.js';
import { type SplitReply, withThought } from '../text/afterThought.js';
import {
  completeAll,
  completeAllThoughts,
  completeUsable,
  completeUsableThoughts,
  samplingOptions,
} from './lib/completion.js';
import { boundThought, thoughtOptions, thoughtTaker, withBound } from './lib/reasoning.js';
import { compilePrompts } from './lib/prompts/prompt.js';
import {
  defineSpec,
  ROWWISE,
  type RunContext,
  parseOptions,
  modelOf,
  rowSeed,
  shapeOf,
} from './lib/operator.js';

const options = z.strictObject({
  model: z.string().describe('A name from `models`: the solver.'),
  prompt: z
    .string()
    .optional()
    .describe(
      'Prompt, as a file or as the text itself, with {{ question }} and any other column. Built in if absent.',
    ),
  n: z
    .int()
    .min(1)
    .max(64)
    .default(5)
    .describe('Responses per question, in one request where the server supports it.'),
  keepUnfinished: z
    .boolean()
    .default(false)
    .describe('Keep responses that were cut off or are empty: for evaluation, where they count as wrong.'),
  ...samplingOptions({ temperature: 0.7, topP: 0.95, tokensMax: 2048 }),
  reasoning: z
    .enum(['asServed', 'inline', 'leaveOut'])
    .default('asServed')
    .describe(
      'What becomes of the thought before each answer. `inline` keeps it in the response as `<think>…</think>`, however the ' +
        'server gave it; `leaveOut` keeps the answer alone; `asServed` takes the server’s text as it is.',
    ),
  ...thoughtOptions,
});

/** Options of `respond`. */
export interface RespondOptions {
  /** A name from `models`: the solver. */
  model: string;
  /** Prompt, as a file or as the text itself, with {{ question }} and any other column. Built in if absent. */
  prompt?: string;
  /**
   * Responses per question, in one request where the server supports it.
   *
   * @default 5
   */
  n?: number;
  /**
   * Keep responses that were cut off or are empty: for evaluation, where they count as wrong.
   *
   * @default false
   */
  keepUnfinished?: boolean;
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
   * Longest completion, in tokens.
   *
   * @default 2048
   */
  tokensMax?: number;
  /**
   * What becomes of the thought before each answer. `inline` keeps it in the response as `<think>…</think>`, however the
   * server gave it; `leaveOut` keeps the answer alone; `asServed` takes the server’s text as it is.
   *
   * @default "asServed"
   */
  reasoning?: 'asServed' | 'inline' | 'leaveOut';
  /**
   * Where a thought is looked for: in what the `server` gives apart (`reasoning_content`, `reasoning`, `thinking`
   * blocks), between `marks` in the text (`<think>…</think>`, channels and others: docs/answers.md), or in both.
   *
   * @default "any"
   */
  reasoningFrom?: 'any' | 'server' | 'marks';
  /** What opens and closes a thought, beside the marks that are known, as ["<scratch>", "</scratch>"]. */
  thoughtMarks?: [open: string, close: string];
  /**
   * The most tokens of thought, where the model’s server bounds them (`thinkingBudget` of openai; anthropic): the
   * thought then ends, and the answer follows. It counts towards tokensMax.
   */
  thinkingTokensMax?: number;
}

export const respondSpec = defineSpec({
  name: 'respond',
  summary: 'Answers each question several times.',
  details:
    'Defaults are the paper’s (section 2.4): five responses at temperature 0.7 and top-p 0.95, at most ' +
    '2,048 tokens each. A response that is empty or cut off is left out, unless `keepUnfinished` is set. ' +
    'A question that is left without any response is rejected. A thought travels in its response, and every ' +
    'later step reads what stands behind it; `keepBest` with `reasoning: true` puts it into a column.',
  options,
  // A prompt of one’s own says itself what it reads.
  reads: ({ prompt }): { question?: 'string' } => (prompt === undefined ? { question: 'string' } : {}),
  writes: () => [
    { name: 'responses', type: 'list<string>', help: 'The responses, in the order the server gave them.' },
  ],
  models: ({ model, thinkingTokensMax }) => [
    { model, needs: 'complete', at: ['model'] },
    ...boundThought(model, thinkingTokensMax),
  ],
  prompts: ({ prompt: given }) => [{ name: 'respond', given, at: ['prompt'] }],
  drops: {},
  contract: ROWWISE,
  isRowwise: true,
  example: `- generate: { generators: [{ model: tiny }], tokensMax: 192 }
- respond: { model: tiny, n: 3, tokensMax: 256 }`,
  operator: respond,
});

/**
 * Answers each question several times.
 *
 * Reads `question` and writes `responses`, in the order in which the server gave them: at most `n`, at least one. Source:
 * ScaleQuest (arXiv 2410.18693), section 2.4.
 * A question left without a usable response is rejected with ROW_EMPTY, ROW_LENGTH or ROW_REPETITION.
 *
 * @param input - The options; each has its meaning and default in the interface.
 * @param context - Seed, models and prompts of the run: see `createContext`.
 * @throws ScaleQuestError: ERR_PIPELINE_INVALID for options that do not fit, or for a prompt that uses no column. The
 * stream ends with ERR_PIPELINE_COLUMN if a column that it reads does not reach it.
 * @example
 * source.pipe(generate({ generators: [{ model: 'tiny' }] }, context), respond({ model: 'tiny', n: 5, tokensMax: 256 }, context));
 */
export function respond(
  input: RespondOptions,
  context: RunContext,
): BatchOperator<{ question: string }, { responses: readonly string[] }> {
  const parsed = parseOptions('respond', options, input);
  const { model: name, n, temperature, topP, tokensMax, thinkingTokensMax } = parsed;
  const [prompt] = compilePrompts(respondSpec, parsed, context);
  const shape = shapeOf(respondSpec, parsed, context, [prompt!]);
  const complete = completer(parsed);

  return mapRows(shape, async (row) => {
    const { seq } = row;
    const message = { kind: 'user', text: prompt!(row) } as const;
    const seed = rowSeed(context, shape.step, row);
    const model = modelOf(context, name);
    const ask = withBound(model, { seq, message, n, temperature, topP, tokensMax, seed }, thinkingTokensMax);
    const { texts: responses, leftOut } = await complete(model, ask);
    return keep({ responses }, leftOut);
  });
}

/** How replies are asked for and read. */
function completer(parsed: z.output<typeof options>): typeof completeUsable {
  const { reasoning, keepUnfinished } = parsed;
  if (reasoning === 'asServed') return keepUnfinished ? completeAll : completeUsable;
  const take = thoughtTaker(parsed);
  const ask = keepUnfinished ? completeAllThoughts : completeUsableThoughts;
  const written = ({ thought, answer }: SplitReply): string =>
    reasoning === 'inline' ? withThought(thought, answer) : answer;
  return async (model, request) => {
    const { replies, leftOut } = await ask(model, request, take);
    return { texts: replies.map(written), leftOut };
  };
}

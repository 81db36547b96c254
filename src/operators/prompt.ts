import { z } from 'zod';
import type { Column, MessageCell } from '../arrow/columnType.js';
import type { Choice, CompleteRequest, Message, Model, Turn } from '../backends/model.js';
import type { BatchOperator } from '../flow/batch.js';
import type { AnyColumns, ColumnTypes } from '../flow/steps/columnTypes.js';
import { mapRows } from '../flow/steps/mapRows.js';
import { type LeftOutChoices, keep } from '../flow/steps/outcome.js';
import type { SplitReply } from '../text/afterThought.js';
import { completeUsableThoughts, samplingOptions } from './lib/completion.js';
import { type TakeThought, boundThought, thoughtOptions, thoughtTaker, withBound } from './lib/reasoning.js';
import { type Prompt, compilePrompts } from './lib/prompts/prompt.js';
import {
  defineSpec,
  ROWWISE,
  type RunContext,
  parseOptions,
  modelOf,
  rowSeed,
  shapeOf,
} from './lib/operator.js';
import {
  type FieldValues,
  compileStructured,
  formOfColumns,
  jsonSchemaOption,
  schemaOf,
  structuredColumns,
} from './lib/structured/jsonColumns.js';
import { completeForm, repairsOption } from './lib/structured/replyForm.js';

const columnName = z
  .string()
  .min(1)
  .refine(
    (name) => !/^seq(Index)?$/.test(name),
    'expected another name: seq and seqIndex are the row’s identity',
  );

const options = z
  .strictObject({
    model: z.string().describe('A name from `models`.'),
    prompt: z
      .string()
      .optional()
      .describe(
        'Prompt, as a file or as the text itself, with any columns. Left out where a dialogue goes on as it is.',
      ),
    system: z
      .string()
      .optional()
      .describe(
        'System message: always the text itself, with any columns. A dialogue that goes on has its own already.',
      ),
    column: columnName
      .optional()
      .describe(
        'Column for the reply, without its thought; `reply` if absent, or none with `json` or `messages`. One that is there is replaced.',
      ),
    n: z
      .int()
      .min(1)
      .max(64)
      .default(1)
      .describe(
        'Replies per row. With several the column is a list of them, without those that cannot be used.',
      ),
    json: jsonSchemaOption
      .optional()
      .describe(
        'JSON Schema of the reply: an object, of which each property becomes a column. In a pipeline file also the path of a JSON ' +
          'file. Servers that can are held to it; the reply is checked in any case. Say in the prompt what you want, too.',
      ),
    repairsMax: repairsOption.describe(
      'With `json`: how often a reply that does not fit is asked for again, with what was wrong.',
    ),
    messages: columnName
      .optional()
      .describe('Column with a dialogue. The prompt, if there is one, and the reply are appended to it.'),
    opens: z
      .boolean()
      .default(false)
      .describe('With `messages`: the dialogue begins here, and the column is written anew.'),
    as: z
      .enum(['assistant', 'user'])
      .default('assistant')
      .describe(
        'With `messages`: who speaks next. For `user` the model completes the bare opening of the next user message, as Magpie does.',
      ),
    reasoning: columnName
      .optional()
      .describe('Column for the thought before the reply; a list of them with several replies.'),
    ...thoughtOptions,
    ...samplingOptions({ temperature: 0.7, topP: 0.95, tokensMax: 2048 }),
  })
  .superRefine(checkTogether);

interface Together {
  prompt?: string | undefined;
  system?: string | undefined;
  n: number;
  json?: unknown;
  repairsMax: number;
  messages?: string | undefined;
  opens: boolean;
  as: 'assistant' | 'user';
}

/** A refinement: options that stand for nothing together. */
function checkTogether(given: Together, context: z.RefinementCtx): void {
  const { prompt, system, n, json, repairsMax, messages, opens, as } = given;
  const add = (key: string, message: string): void =>
    context.addIssue({ code: 'custom', path: [key], message });
  const goesOn = messages !== undefined && !opens;
  if (prompt === undefined && !goesOn)
    add('prompt', 'expected a prompt, or `messages` with a dialogue that goes on');
  if (n > 1 && json) add('n', 'expected 1 with `json`: its fields are columns of one reply');
  if (n > 1 && messages !== undefined)
    add('n', 'expected 1 with `messages`: a dialogue goes on with one reply');
  if (repairsMax > 0 && !json) add('repairsMax', 'expected `json` with it: only its replies are checked');
  if (opens && messages === undefined)
    add('opens', 'expected `messages` with it, the column for the dialogue');
  if (as === 'assistant') return;
  if (messages === undefined || opens)
    add('as', 'expected `messages` with a dialogue in which the user speaks again');
  if (json) add('as', 'expected no `json` with it: the next message of the user is a text');
  if (prompt !== undefined || system !== undefined)
    add('as', 'expected no `prompt` and no `system` with it: the model is given the bare opening');
}

/** Options of `prompt`. */
export interface PromptOptions {
  /** A name from `models`. */
  model: string;
  /** Prompt, as a file or as the text itself, with any columns. Left out where a dialogue goes on as it is. */
  prompt?: string;
  /** System message: always the text itself, with any columns. A dialogue that goes on has its own already. */
  system?: string;
  /**
   * Column for the reply, without its thought; `reply` if absent, or none with `json` or `messages`. One that is there is replaced.
   */
  column?: string;
  /**
   * Replies per row. With several the column is a list of them, without those that cannot be used.
   *
   * @default 1
   */
  n?: number;
  /**
   * JSON Schema of the reply: an object, of which each property becomes a column. In a pipeline file also the path of a JSON file.
   * Servers that can are held to it; the reply is checked in any case. Say in the prompt what you want, too.
   */
  json?: string | Record<string, z.core.util.JSONType>;
  /**
   * With `json`: how often a reply that does not fit is asked for again, with what was wrong.
   *
   * @default 0
   */
  repairsMax?: number;
  /** Column with a dialogue. The prompt, if there is one, and the reply are appended to it. */
  messages?: string;
  /**
   * With `messages`: the dialogue begins here, and the column is written anew.
   *
   * @default false
   */
  opens?: boolean;
  /**
   * With `messages`: who speaks next. For `user` the model completes the bare opening of the next user message, as Magpie does.
   *
   * @default "assistant"
   */
  as?: 'assistant' | 'user';
  /** Column for the thought before the reply; a list of them with several replies. */
  reasoning?: string;
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
}

type Parsed = z.output<typeof options>;

export const promptSpec = defineSpec({
  name: 'prompt',
  summary: 'Asks a model with a prompt of your own over any columns, and writes its reply into columns.',
  details:
    'With `json` the reply is read to an object, and each of its fields becomes a column of the type that the schema gives it: whole ' +
    'numbers are int64, lists and objects are lists and structs. A fence or words around the object do not matter, and backslashes of ' +
    'LaTeX are kept where the model did not escape them. A reply that does not fit rejects the row with ROW_JSON. With `messages` the ' +
    'reply goes on with a dialogue, so that several turns are several steps. See prompts.md.',
  options,
  reads: ({ messages, opens }): ColumnTypes =>
    messages === undefined || opens ? {} : { [messages]: 'messages' },
  writes: (parsed): Column[] => columnsOf(parsed),
  adds: ({ json }) =>
    structuredColumns(schemaOf(json) ?? {}).map(({ name }) => ({ name, at: ['json', 'properties', name] })),
  jsonFiles: ['json'],
  models: ({ model, as, thinkingTokensMax }) => [
    { model, needs: as === 'user' ? 'preQuery' : 'complete', at: ['model'] },
    ...boundThought(model, thinkingTokensMax),
  ],
  schemas: ({ model, json }) => {
    const schema = schemaOf(json);
    return schema ? [{ model, schema }] : [];
  },
  prompts: ({ prompt, system }) => [
    ...(prompt === undefined ? [] : [{ name: 'prompt', given: prompt, mayBeSame: true, at: ['prompt'] }]),
    ...(system === undefined
      ? []
      : [{ name: 'system', given: system, isText: true, mayBeSame: true, at: ['system'] }]),
  ],
  drops: {},
  contract: ROWWISE,
  isRowwise: true,
  example: `- generate: { generators: [{ model: tiny }], tokensMax: 192 }
- prompt: { model: tiny, prompt: '{{ question }}', column: solution, tokensMax: 256 }`,
  operator: prompt,
});

function columnsOf(parsed: Parsed): Column[] {
  const { n, json, messages, reasoning } = parsed;
  const name = replyColumn(parsed);
  const type = n > 1 ? 'list<string>' : 'string';
  const reply = { type, help: 'What the model replied, without its thought.' } as const;
  const thought = {
    type,
    help: 'What the model thought before its reply; empty where it told nothing.',
  } as const;
  const dialogue = { type: 'messages', help: 'The dialogue, with the reply as its last message.' } as const;
  return [
    ...(name === undefined ? [] : [{ name, ...reply }]),
    ...(reasoning === undefined ? [] : [{ name: reasoning, ...thought }]),
    ...structuredColumns(schemaOf(json) ?? {}),
    ...(messages === undefined ? [] : [{ name: messages, ...dialogue }]),
  ];
}

/** The column for the text of the reply, if there is one. */
function replyColumn({ column, json, messages }: Parsed): string | undefined {
  return column ?? (json || messages !== undefined ? undefined : 'reply');
}

/**
 * Asks a model with a prompt of one's own over any columns, and writes its reply into columns.
 *
 * Reads the columns that the prompt and the system message use, and the dialogue in `messages`; writes `column`, the fields of `json`
 * and the dialogue. Source of the next message of a user: Magpie (arXiv 2406.08464), section 2.
 *
 * @param input - The options; each has its meaning and default in the interface.
 * @param context - Seed, models and prompts of the run: see `createContext`.
 * @throws ScaleQuestError: ERR_PIPELINE_INVALID for options that do not fit. The stream ends with ERR_PIPELINE_COLUMN if a column that
 * it reads does not reach it.
 * @example
 * source.pipe(prompt({ model: 'tiny', prompt: 'Write a question about {{ topic }}.', column: 'question' }, context));
 */
export function prompt(input: PromptOptions, context: RunContext): BatchOperator<AnyColumns, AnyColumns> {
  const parsed = parseOptions('prompt', options, input);
  const prompts = compilePrompts(promptSpec, parsed, context);
  const shape = shapeOf(promptSpec, parsed, context, prompts);
  const speaks = speakerOf(parsed, prompts);
  const replies = repliesOf(parsed);
  const { model: name, n, temperature, topP, tokensMax, thinkingTokensMax } = parsed;

  return mapRows(shape, async (row) => {
    const { seq } = row;
    const message = speaks(row);
    const seed = rowSeed(context, shape.step, row);
    const model = modelOf(context, name);
    const ask = { seq, message, n, tokensMax, temperature, topP, seed };
    const { text, values, leftOut } = await replies(model, withBound(model, ask, thinkingTokensMax));
    if (parsed.messages === undefined) return keep(values, leftOut);
    return keep({ ...values, ...dialogueWith(parsed, message, text) }, leftOut);
  });
}

/** What the model is asked for one row. */
function speakerOf(parsed: Parsed, prompts: readonly Prompt[]): (row: object) => Message {
  const { messages, opens, as } = parsed;
  const [asked, system] = parsed.prompt === undefined ? [undefined, prompts[0]] : prompts;
  if (messages === undefined && !system) return (row) => ({ kind: 'user', text: asked!(row) });
  return (row) => {
    const before = messages === undefined || opens ? [] : turnsOf((row as Record<string, unknown>)[messages]);
    const opening: Turn[] = system && before.length === 0 ? [{ role: 'system', content: system(row) }] : [];
    const own: Turn[] = asked ? [{ role: 'user', content: asked(row) }] : [];
    return { kind: 'chat', turns: [...opening, ...before, ...own], next: as };
  };
}

/** A message that only calls tools has no content; roles that no template knows go as they are, and are refused there. */
function turnsOf(dialogue: unknown): Turn[] {
  return (dialogue as readonly MessageCell[]).map(({ role, content }) => ({ role, content: content ?? '' }));
}

interface Replied {
  /** The first reply. */
  text: string;
  values: FieldValues;
  leftOut: LeftOutChoices | undefined;
}

/** Asks, and makes the values of the columns. */
function repliesOf(parsed: Parsed): (model: Model, ask: CompleteRequest) => Promise<Replied> {
  const { n, repairsMax, reasoning } = parsed;
  const json = schemaOf(parsed.json);
  const take = takenOnce(thoughtTaker(parsed));
  const name = replyColumn(parsed);

  function textValues(replies: readonly SplitReply[]): FieldValues {
    // The usual case, in which each object counts.
    if (n === 1 && reasoning === undefined && name !== undefined) return { [name]: replies[0]!.answer };
    const texts = replies.map(({ answer }) => answer);
    const thoughts = replies.map(({ thought }) => thought);
    return {
      ...(name === undefined ? {} : { [name]: n > 1 ? texts : texts[0]! }),
      ...(reasoning === undefined ? {} : { [reasoning]: n > 1 ? thoughts : thoughts[0]! }),
    };
  }

  if (!json) {
    return async (model, ask) => {
      const { replies, leftOut } = await completeUsableThoughts(model, ask, take);
      return { text: replies[0]!.answer, values: textValues(replies), leftOut };
    };
  }
  const form = formOfColumns(compileStructured(json));
  return async (model, ask) => {
    const { replies, leftOut } = await completeForm(model, ask, form, repairsMax, take);
    const { reply: answer, thought, value } = replies[0]!;
    return { text: answer, values: { ...value, ...textValues([{ thought, answer }]) }, leftOut };
  };
}

/** A reply is looked at twice: whether it can be used, and for what it says. */
function takenOnce(take: TakeThought): TakeThought {
  let last: { choice: Choice; split: SplitReply } | undefined;
  return (choice) => {
    if (last?.choice !== choice) last = { choice, split: take(choice) };
    return last.split;
  };
}

/** The dialogue with what was asked and the reply, as a column. */
function dialogueWith({ messages, as }: Parsed, message: Message, reply: string): FieldValues {
  if (messages === undefined) return {};
  const turns = message.kind === 'chat' ? message.turns : [];
  const said = message.kind === 'user' ? [{ role: 'user', content: message.text }] : turns;
  const cells = [...said, { role: as, content: reply }].map(({ role, content }) => ({ role, content }));
  return { [messages]: cells };
}

import type { SchemaElement } from 'hyparquet';
import { z } from 'zod';
import type { Column, ColumnType } from '../arrow/columnType.js';

/** The forms in which training frameworks take rows; one table says what each reads, how it looks and what it is for. */

const column = z.string().min(1);
const userText = z
  .string()
  .refine((text) => text.includes(QUESTION), `expected ${'{{ question }}'} in it`)
  .default('{{ question }}')
  .describe('Text of the user’s message, with {{ question }}.');
const question = column.default('question').describe('Column with the question.');
const response = column.default('response').describe('Column with the response.');
const system = z.string().optional().describe('Text of a system message before the user’s.');
const asMessages = z
  .boolean()
  .default(false)
  .describe(
    'Write each of them as a list of messages instead of a text: TRL then applies the chat template of the model.',
  );
const SYSTEM_NEEDS: z.core.$ZodCustomParams = {
  path: ['system'],
  message: 'expected `asMessages: true` beside it: a text has no turns',
};

function hasTurns({
  asMessages: isList,
  system: text,
}: {
  asMessages: boolean;
  system?: string | undefined;
}): boolean {
  return isList || text === undefined;
}

const QUESTION = '{{ question }}';

export const exportSchema = z.discriminatedUnion('format', [
  z.strictObject({
    format: z
      .literal('queryResponse')
      .describe('Columns `query` and `response`, as ScaleQuest published its sets.'),
    question,
    response,
  }),
  z.strictObject({
    format: z
      .literal('messages')
      .describe('Column `messages`, a list of `role` and `content`: chat templates apply.'),
    question,
    response,
    system,
    user: userText,
  }),
  z
    .strictObject({
      format: z
        .literal('promptCompletion')
        .describe('Columns `prompt` and `completion`: the loss is on the completion alone.'),
      question,
      response,
      system,
      user: userText,
      asMessages,
    })
    .refine(hasTurns, SYSTEM_NEEDS),
  z
    .strictObject({
      format: z
        .literal('preference')
        .describe(
          'Columns `prompt`, `chosen` and `rejected`: the best and the worst scored response of a question.',
        ),
      question,
      responses: column.default('responses').describe('List column with the responses.'),
      rewards: column.default('rewards').describe('List column with their rewards.'),
      marginMin: z
        .number()
        .min(0)
        .default(0)
        .describe('Leave out questions whose best and worst rewards differ by no more than this.'),
      system,
      user: userText,
      asMessages,
    })
    .refine(hasTurns, SYSTEM_NEEDS),
]);

export type ExportConfig = z.output<typeof exportSchema>;

type Plain = Readonly<Record<string, unknown>>;

/** One form, with its options. */
export interface ExportForm {
  /** Columns of the run that it reads. */
  reads: Readonly<Record<string, ColumnType>>;
  /** Parquet columns that it writes. */
  schema: readonly SchemaElement[][];
  /** Null leaves the row out. */
  row: (row: Plain) => Plain | null;
}

export function exportFormat(config: ExportConfig): ExportForm {
  switch (config.format) {
    case 'queryResponse': {
      const { question, response } = config;
      return {
        reads: { [question]: 'string', [response]: 'string' },
        schema: [text('query'), text('response')],
        row: (row) => ({ query: row[question], response: row[response] }),
      };
    }
    case 'messages': {
      const { question, response } = config;
      return {
        reads: { [question]: 'string', [response]: 'string' },
        schema: [messages('messages')],
        row: (row) => ({
          messages: [...asked(config, row[question]), { role: 'assistant', content: row[response] }],
        }),
      };
    }
    case 'promptCompletion': {
      const { question, response } = config;
      const { column: written, prompt, reply } = partsOf(config);
      return {
        reads: { [question]: 'string', [response]: 'string' },
        schema: [written('prompt'), written('completion')],
        row: (row) => ({ prompt: prompt(row[question]), completion: reply(row[response]) }),
      };
    }
    case 'preference':
      return preferenceFormat(config);
  }
}

function preferenceFormat(config: ExportConfig & { format: 'preference' }): ExportForm {
  const { question, responses, rewards, marginMin } = config;
  const { column: written, prompt, reply } = partsOf(config);
  return {
    reads: { [question]: 'string', [responses]: 'list<string>', [rewards]: 'list<float64>' },
    schema: [written('prompt'), written('chosen'), written('rejected')],
    row(row) {
      const pair = bestAndWorst(row[responses] as string[], row[rewards] as (number | null)[], marginMin);
      if (pair === null) return null;
      return { prompt: prompt(row[question]), chosen: reply(pair.chosen), rejected: reply(pair.rejected) };
    },
  };
}

/** How prompts and replies are written: as texts, or as lists of messages. */
function partsOf(config: { system?: string | undefined; user: string; asMessages: boolean }) {
  if (!config.asMessages) {
    return {
      column: text,
      prompt: (asks: unknown) => fill(config.user, asks),
      reply: (said: unknown) => said,
    };
  }
  return {
    column: messages,
    prompt: (asks: unknown) => asked(config, asks),
    reply: (said: unknown) => [{ role: 'assistant', content: said }],
  };
}

/** The turns before the response. */
function asked(config: { system?: string | undefined; user: string }, asks: unknown): object[] {
  const before = config.system === undefined ? [] : [{ role: 'system', content: config.system }];
  return [...before, { role: 'user', content: fill(config.user, asks) }];
}

/** Ties go to the first; null where nothing tells the responses apart. */
export function bestAndWorst(
  responses: readonly string[],
  rewards: readonly (number | null)[],
  marginMin: number,
): { chosen: string; rejected: string } | null {
  let best = -1;
  let worst = -1;
  for (const [at, reward] of rewards.entries()) {
    if (reward === null) continue;
    if (best < 0 || reward > rewards[best]!) best = at;
    if (worst < 0 || reward < rewards[worst]!) worst = at;
  }
  if (best < 0 || rewards[best]! - rewards[worst]! <= marginMin) return null;
  const [chosen, rejected] = [responses[best]!, responses[worst]!];
  return chosen === rejected ? null : { chosen, rejected };
}

function fill(template: string, question: unknown): string {
  return template.replaceAll(QUESTION, () => question as string);
}

function text(name: string): SchemaElement[] {
  return [{ name, type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'REQUIRED' }];
}

function messages(name: string): SchemaElement[] {
  return [
    { name, repetition_type: 'REQUIRED', converted_type: 'LIST', num_children: 1 },
    { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
    { name: 'element', repetition_type: 'REQUIRED', num_children: 2 },
    ...text('role'),
    ...text('content'),
  ];
}

/** The columns that an export reads of a run and the run has not, or has as something else. */
export function missingColumns(
  config: ExportConfig,
  columns: readonly Column[],
): { name: string; type: ColumnType }[] {
  return Object.entries(exportFormat(config).reads)
    .filter(([name, type]) => columns.find((candidate) => candidate.name === name)?.type !== type)
    .map(([name, type]) => ({ name, type }));
}

import { z } from 'zod';
import type { Column } from '../../arrow/columnType.js';
import { columnTypeSchema } from '../../arrow/columnTypeSchema.js';
import { typeTree } from '../../arrow/typeTree.js';
import type { SourceColumn, SourceFiles } from './format.js';
import { encodingOf } from './text/encoding.js';
import type { FileColumn } from '../values/jsonRow.js';

const columnType = columnTypeSchema('timestamp');

/** What the options of all formats share. `what` names the files, as `JSON Lines files`. */
function sharedOptions(what: string) {
  return {
    path: z
      .union([z.string().min(1), z.array(z.string().min(1)).min(1)])
      .describe(
        `${what}: a path or several, a folder, or a pattern (\`data/*\`, \`**\`), read in name order; relative to the pipeline file.`,
      ),
    subfolders: z.boolean().optional().describe('Read the folders in a folder too; no if absent.'),
    columns: namedValues(columnType)
      .refine(
        (columns) =>
          Object.keys(columns).length > 0 &&
          !Object.hasOwn(columns, 'seq') &&
          !Object.hasOwn(columns, 'seqIndex'),
        'expected at least one column, and none called seq: rows are numbered as they are read',
      )
      .default({ question: 'string' })
      .describe('Columns read, with their types.'),
    from: namedValues(z.string())
      .optional()
      .describe(
        'Names of columns in the file, where they are others: { question: problem } reads `problem` as `question`.',
      ),
  };
}

/** The options of a format whose files hold rows with named columns. */
export function fileOptions(what: string) {
  return z.strictObject(sharedOptions(what)).superRefine(checkNames).describe(`Rows from ${what}.`);
}

export type FileOptions = z.output<ReturnType<typeof fileOptions>>;

/** Of a line no more is kept in memory; V8 has no string of more than 2^29 characters. */
const LINE_BYTES_MAX = 64 << 20;
const LINE_BYTES_MOST = 500_000_000;

/** The options of a format of text, with those of its own. */
export function textFileOptions<Own extends z.ZodRawShape>(what: string, own: Own) {
  return z
    .strictObject({
      ...sharedOptions(what),
      encoding: z
        .string()
        .refine(
          (label) => encodingOf(label) !== null,
          'expected a name of an encoding, such as utf-8, windows-1252 (cp1252), latin1, utf-16le, utf-16be, shift_jis or gbk',
        )
        .optional()
        .describe(
          'How bytes stand for text; `utf-8` if absent. A byte order mark at the start of a file goes before it. A line that is ' +
            'not in this encoding is a bad line, never read as something else.',
        ),
      onBadLine: z
        .enum(['stop', 'skip'])
        .optional()
        .describe(
          'What becomes of a line that cannot be read, or whose value is not of its column’s type: `stop` (if absent) ends the ' +
            'run and names file and line; `skip` leaves it out, counts it in the report and lists it in log.jsonl.',
        ),
      lineBytesMax: z
        .int()
        .min(1024)
        .max(LINE_BYTES_MOST)
        .optional()
        .describe(`A longer line is a bad line; ${LINE_BYTES_MAX} (64 MiB) if absent.`),
      ...own,
    })
    .superRefine((options, context) => checkNames(options as NamedColumns, context))
    .describe(`Rows from ${what}. Each file may be compressed (.gz, .zst).`);
}

/** What the options of all formats of text have. */
export interface TextFileOptions extends FileOptions {
  encoding?: string | undefined;
  onBadLine?: 'stop' | 'skip' | undefined;
  lineBytesMax?: number | undefined;
}

export function lineBytesMaxOf({ lineBytesMax = LINE_BYTES_MAX }: TextFileOptions): number {
  return lineBytesMax;
}

const PROTO = '__proto__';
const HIDDEN_PROTO = '\0__proto__';

/** Any name is a name of a column. zod leaves the key `__proto__` out, so it goes by another name through zod. */
function namedValues<Value extends z.ZodType>(value: Value) {
  return z
    .preprocess((written) => renameKey(written, PROTO, HIDDEN_PROTO), z.record(z.string(), value))
    .transform((read) => renameKey(read, HIDDEN_PROTO, PROTO) as Record<string, z.output<Value>>);
}

function renameKey(record: unknown, from: string, to: string): unknown {
  if (typeof record !== 'object' || record === null || Array.isArray(record)) return record;
  if (!Object.hasOwn(record, from)) return record;
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key === from ? to : key, value]));
}

interface NamedColumns {
  columns: object;
  from?: Readonly<Record<string, string>> | undefined;
}

/** A refinement: each column of the file is read as one column. */
export function checkNames({ columns, from = {} }: NamedColumns, context: z.RefinementCtx): void {
  for (const name of Object.keys(from)) {
    if (Object.hasOwn(columns, name)) continue;
    const message = `expected one of the columns that are read: ${Object.keys(columns).join(', ')}`;
    context.addIssue({ code: 'custom', path: ['from', name], message });
  }
  const read = Object.keys(columns).map((name) => nameInFile(name, from));
  if (new Set(read).size === read.length) return;
  const message = `expected each column of the file once, found ${read.join(', ')}`;
  context.addIssue({ code: 'custom', path: ['from'], message });
}

function nameInFile(name: string, from: Readonly<Record<string, string>> = {}): string {
  return Object.hasOwn(from, name) ? from[name]! : name;
}

/** Every column may be null: not every row of a file has a value for each. */
export function describeFiles({ path, subfolders, columns, from }: FileOptions): SourceFiles {
  const read = Object.entries(columns).map(([name, type]): SourceColumn => ({
    ...{ name, type },
    help: 'From the source.',
    nullable: true,
  }));
  return {
    paths: [path].flat(),
    subfolders,
    columns: read.map(asColumn),
    fileColumns: read.map((column) => ({ ...column, name: nameInFile(column.name, from) })),
  };
}

/** The column that steps see. */
export function asColumn(column: SourceColumn): Column {
  return column.type === 'timestamp' ? { ...column, type: 'string' } : (column as Column);
}

/** The column as readers of values take it. */
export function asFileColumn({ name, type, nullable = false }: SourceColumn): FileColumn {
  return { name, type: type === 'timestamp' ? { kind: type } : typeTree(type), nullable };
}

/** For messages that name a line as well: lines count from 1, rows from 0 as positions do. */
export const ROWS_FROM_ZERO = ' (rows count from 0)';

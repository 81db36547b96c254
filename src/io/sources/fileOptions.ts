import { z } from 'zod';
import { COLUMN_TYPES, type Column } from '../../arrow/columnType.js';
import type { SourceFiles } from './format.js';

/** The options of a format whose files hold rows with named columns. `what` names the files, as `JSON Lines files`. */
export function fileOptions(what: string) {
  return z
    .strictObject({
      path: z
        .union([z.string().min(1), z.array(z.string().min(1)).min(1)])
        .describe(
          `${what}: a path or several, or a folder, read in name order; relative to the pipeline file.`,
        ),
      columns: z
        .record(z.string(), z.enum(COLUMN_TYPES))
        .refine(
          (columns) => Object.keys(columns).length > 0 && !('seq' in columns) && !('seqIndex' in columns),
          'expected at least one column, and none called seq: rows are numbered as they are read',
        )
        .default({ question: 'string' })
        .describe('Columns read, with their types.'),
      from: z
        .record(z.string(), z.string().min(1))
        .optional()
        .describe(
          'Names of columns in the file, where they are others: { question: problem } reads `problem` as `question`.',
        ),
    })
    .superRefine(checkNames)
    .describe(`Rows from ${what}.`);
}

export type FileOptions = z.output<ReturnType<typeof fileOptions>>;

/** A refinement: each column of the file is read as one column. */
function checkNames(
  { columns, from = {} }: { columns: object; from?: Readonly<Record<string, string>> | undefined },
  context: z.RefinementCtx,
): void {
  for (const name of Object.keys(from)) {
    if (name in columns) continue;
    const message = `expected one of the columns that are read: ${Object.keys(columns).join(', ')}`;
    context.addIssue({ code: 'custom', path: ['from', name], message });
  }
  const read = Object.keys(columns).map((name) => from[name] ?? name);
  if (new Set(read).size === read.length) return;
  const message = `expected each column of the file once, found ${read.join(', ')}`;
  context.addIssue({ code: 'custom', path: ['from'], message });
}

/** Every column may be null: not every row of a file has a value for each. */
export function describeFiles({ path, columns, from = {} }: FileOptions): SourceFiles {
  const read = Object.entries(columns).map(([name, type]): Column => ({
    ...{ name, type },
    help: 'From the source.',
    nullable: true,
  }));
  return {
    paths: [path].flat(),
    columns: read,
    fileColumns: read.map((column) => ({ ...column, name: from[column.name] ?? column.name })),
  };
}

/** For messages that name a line as well: lines count from 1, rows from 0 as positions do. */
export const ROWS_FROM_ZERO = ' (rows count from 0)';

import type { z } from 'zod';
import { csv } from './csv.js';
import type { SourceFormat } from './format.js';
import { hub } from './hub.js';
import { json } from './json.js';
import { jsonl } from './jsonl.js';
import { parquet } from './parquet.js';
import { tsv } from './tsv.js';

/** The source formats, in the order of the docs. A new one is a file beside these and a line here. */
export const SOURCE_FORMATS = { jsonl, json, csv, tsv, parquet, hub };

type Formats = typeof SOURCE_FORMATS;
export type SourceFormatName = keyof Formats;

/** The keys of `source` that name a format, each with the options of that format. */
export const sourceOptions = Object.fromEntries(
  Object.entries(SOURCE_FORMATS).map(([name, { schema }]) => [name, schema.optional()]),
) as { [Name in SourceFormatName]: z.ZodOptional<Formats[Name]['schema']> };

export type SourceOptions = { [Name in SourceFormatName]?: z.output<Formats[Name]['schema']> | undefined };

/** A format that a source names, with its options. */
export interface NamedSource {
  name: SourceFormatName;
  format: SourceFormat;
  options: unknown;
}

/** The formats that a source names: one, or none where rows are positions alone. A checked pipeline has no more. */
export function namedSources(source: SourceOptions): NamedSource[] {
  return formatNames().flatMap((name) =>
    source[name] === undefined
      ? []
      : [{ name, format: SOURCE_FORMATS[name] as SourceFormat, options: source[name] }],
  );
}

export function formatNames(): SourceFormatName[] {
  return Object.keys(SOURCE_FORMATS) as SourceFormatName[];
}

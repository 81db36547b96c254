import { z } from 'zod';
import type { Column, ColumnType } from '../../arrow/columnType.js';
import type { ConvertRow, ExportColumns, ExportFormat } from './format.js';
import { alpaca } from './alpaca.js';
import { messages } from './messages.js';
import { preference } from './preference.js';
import { promptCompletion } from './promptCompletion.js';
import { queryResponse } from './queryResponse.js';
import { shareGpt } from './shareGpt.js';

/** The export formats, in the order of the docs. A new one is a file beside these and a line here. */
export const EXPORT_FORMATS = {
  queryResponse,
  messages,
  promptCompletion,
  preference,
  shareGpt,
  alpaca,
};

type Formats = typeof EXPORT_FORMATS;
type FormatSchema = Formats[keyof Formats]['schema'];

/** The options of one entry of `exports`. */
export const exportSchema = z.discriminatedUnion(
  'format',
  Object.values(EXPORT_FORMATS).map(({ schema }) => schema) as [FormatSchema, ...FormatSchema[]],
);

export type ExportConfig = z.output<typeof exportSchema>;

/** What the format of an export reads and writes. */
export function describeExport(config: ExportConfig): ExportColumns {
  return formatOf(config).describe(config);
}

/** How the format of an export makes its rows. */
export function openExport(config: ExportConfig): ConvertRow {
  return formatOf(config).open(config);
}

function formatOf({ format }: ExportConfig): ExportFormat {
  return EXPORT_FORMATS[format];
}

/** The columns that an export reads and the set does not have, or has with another type. */
export function missingColumns(
  config: ExportConfig,
  columns: readonly Column[],
): { name: string; type: ColumnType }[] {
  return Object.entries(describeExport(config).reads)
    .filter(([name, type]) => columns.find((candidate) => candidate.name === name)?.type !== type)
    .map(([name, type]) => ({ name, type }));
}

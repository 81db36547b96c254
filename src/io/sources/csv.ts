import { z } from 'zod';
import { csvFiles, tableOptions } from './csvFiles.js';
import { textFileOptions } from './fileOptions.js';
import type { SourceFormat } from './format.js';
import { withCompressed } from './text/compression.js';

const schema = textFileOptions('CSV files, whose first line holds the names of the columns', {
  delimiter: z
    .string()
    .length(1)
    .refine((mark) => !/["\r\n]/.test(mark), 'expected another character than a quote or a line end')
    .optional()
    .describe('What stands between two fields; a comma if absent.'),
  ...tableOptions,
});

/** Values divided by commas (RFC 4180). */
export const csv: SourceFormat<typeof schema> = {
  extensions: withCompressed(['.csv']),
  schema,
  ...csvFiles(','),
};

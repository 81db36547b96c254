import { csvFiles, tableOptions } from './csvFiles.js';
import { textFileOptions } from './fileOptions.js';
import type { SourceFormat } from './format.js';
import { withCompressed } from './text/compression.js';

const schema = textFileOptions('TSV files, whose first line holds the names of the columns', tableOptions);

/** Values divided by tabs. */
export const tsv: SourceFormat<typeof schema> = {
  extensions: withCompressed(['.tsv', '.tab']),
  schema,
  ...csvFiles('\t'),
};

import { textFileOptions } from './fileOptions.js';
import type { SourceFormat } from './format.js';
import { jsonFiles } from './jsonFiles.js';
import { withCompressed } from './text/compression.js';

const schema = textFileOptions('JSON Lines files', {});

/** One JSON object a line. */
export const jsonl: SourceFormat<typeof schema> = {
  extensions: withCompressed(['.jsonl', '.ndjson']),
  schema,
  ...jsonFiles,
};

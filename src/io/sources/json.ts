import { textFileOptions } from './fileOptions.js';
import type { SourceFormat } from './format.js';
import { jsonFiles } from './jsonFiles.js';
import { withCompressed } from './text/compression.js';

const schema = textFileOptions('JSON files, each an array of objects or one object a line', {});

/** One array of JSON objects, on one line or many. */
export const json: SourceFormat<typeof schema> = {
  extensions: withCompressed(['.json']),
  schema,
  ...jsonFiles,
};

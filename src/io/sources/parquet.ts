import type { SourceFormat } from './format.js';
import { describeFiles, fileOptions } from './fileOptions.js';

const schema = fileOptions('Parquet files');

export const parquet: SourceFormat<typeof schema> = {
  extensions: ['.parquet', '.pq'],
  schema,
  describe: describeFiles,
  async readHead(files, { file }, options) {
    const { readParquetHead } = await import('../parquet/readParquet.js');
    return readParquetHead(files, file, describeFiles(options).fileColumns);
  },
  async *open(files, request) {
    // The decoders are loaded when a file is read: checking a pipeline does without them.
    const { readParquetBlocks } = await import('../parquet/readParquet.js');
    yield* readParquetBlocks(files, request);
  },
};

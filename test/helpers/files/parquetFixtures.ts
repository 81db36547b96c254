import { join } from 'node:path';
import type { ColumnType, ColumnValue } from '../../../src/arrow/columnType.js';
import { nodeFiles } from '../../../src/io/files/files.js';
import { PACKAGE_FOLDER } from '../../../src/io/files/packageFiles.js';
import { readParquetBlocks } from '../../../src/io/parquet/readParquet.js';

/** Files that pyarrow wrote; make.py beside them tells their contents. */
export const FIXTURES = join(PACKAGE_FOLDER, 'test/io/parquet/fixtures');

/** One column of a fixture; null stands for a missing value. */
export async function readFixture(
  file: string,
  name: string,
  type: ColumnType | 'timestamp',
): Promise<ColumnValue[]> {
  const values: ColumnValue[] = [];
  const request = { paths: [join(FIXTURES, file)], columns: [{ name, type, help: '', nullable: true }] };
  for await (const block of readParquetBlocks(nodeFiles, request)) values.push(...block.values[0]!);
  return values;
}

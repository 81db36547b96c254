import { createHash } from 'node:crypto';
import { RecordBatch } from 'apache-arrow';
import { columnValues } from '../../src/arrow/read.js';

/** A synchronous function of the hot path, with realistic input. Benchmark.js does not wait for promises. */
export interface Kernel {
  name: string;
  /** What is counted: `rows`, `questions`. */
  unit: string;
  /** Units of one operation, unless `--count` says otherwise. */
  count: number;
  /** Makes the input, the same for the same count; none of this is measured. */
  prepare(count: number): PreparedKernel;
}

export interface PreparedKernel {
  run: () => unknown;
  /** Other ways to the same result, which `run` is compared with. */
  rivals?: Readonly<Record<string, () => unknown>>;
}

/** Equal hashes mean equal results: of a record batch the columns' names, types and values count, not how buffers are padded. */
export function hashResult(result: unknown): string {
  const plain = result instanceof RecordBatch ? columnsOf(result) : result;
  return createHash('sha256').update(JSON.stringify(plain, listTyped)).digest('hex').slice(0, 12);
}

function columnsOf(rows: RecordBatch): unknown {
  return rows.schema.fields.map(({ name, type }) => [name, String(type), columnValues(rows, name)]);
}

/** JSON would write typed arrays as objects. */
function listTyped(_key: string, value: unknown): unknown {
  return ArrayBuffer.isView(value) ? [...(value as Int32Array)] : value;
}

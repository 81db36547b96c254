import type { RecordBatch } from 'apache-arrow';
import { benchRows } from '../kernels/rows.js';

export const BATCH_ROWS = 512;

/** The rows of one row group, which are written again and again, as making text costs more than writing it. */
export function benchBatches(): RecordBatch[] {
  return Array.from({ length: 8 }, (_, at) => benchRows(at * BATCH_ROWS, (at + 1) * BATCH_ROWS));
}

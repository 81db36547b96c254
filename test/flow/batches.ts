import '../../src/flow/steps/loadStepStreams.js';
import type { RecordBatch } from 'apache-arrow';
import { type Observable, Subject } from 'rxjs';
import { buildRows } from '../../src/arrow/build.js';
import type { Column } from '../../src/arrow/columnType.js';
import { SEQ_COLUMN, SEQ_INDEX_COLUMN } from '../../src/arrow/columnType.js';
import { seqBatch } from '../../src/arrow/columns.js';
import { columnValues } from '../../src/arrow/read.js';
import type { Batch, BatchOperator } from '../../src/flow/batch.js';

/** The positions [lo, hi), each with a row that has nothing but its `seq`. */
export function plainBatch(lo: number, hi: number): Batch {
  return { lo, hi, rows: seqBatch(lo, hi), events: [] };
}

export const TEXT: Column = { name: 'text', type: 'string', help: 'a text', nullable: true };

/** The positions from `lo` on, each with its text. */
export function textBatch(lo: number, texts: readonly (string | null)[]): Batch {
  const seqs = texts.map((_, at) => lo + at);
  const rows = buildRows([SEQ_COLUMN, TEXT], [seqs, texts], texts.length);
  return { lo, hi: lo + texts.length, rows, events: [] };
}

/** A row for each pair, of the positions [lo, hi). */
export function numberedRows(pairs: readonly (readonly [seq: number, seqIndex: number])[]): RecordBatch {
  const values = [pairs.map(([seq]) => seq), pairs.map(([, seqIndex]) => seqIndex)];
  return buildRows([SEQ_COLUMN, SEQ_INDEX_COLUMN], values, pairs.length);
}

export function valuesOf({ rows }: Batch, name: string): unknown[] {
  return [...columnValues(rows, name)];
}

/** A stream that a test drives by hand, and what has come out of it so far: `lo-hi`, `done` or the error's code. */
export function driven(operator: BatchOperator): { source: Subject<Batch>; seen: string[]; out: Batch[] } {
  const source = new Subject<Batch>();
  const seen: string[] = [];
  const out: Batch[] = [];
  (source.pipe(operator) as Observable<Batch>).subscribe({
    next(batch) {
      out.push(batch);
      seen.push(`${batch.lo}-${batch.hi}`);
    },
    error: (error: { code?: string; message: string }) => seen.push(error.code ?? error.message),
    complete: () => seen.push('done'),
  });
  return { source, seen, out };
}

/** Lets all promises that can settle do so. */
export const settle = (): Promise<void> => new Promise(setImmediate);

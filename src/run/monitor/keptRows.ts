import type { RecordBatch } from 'apache-arrow';
import type { Column } from '../../arrow/columnType.js';
import { sliceRows } from '../../arrow/concat.js';
import { columnValues } from '../../arrow/read.js';
import { cutText } from '../../flow/steps/lostReply.js';
import type { Emit, KeptRowEvent } from '../events.js';

/** A row is told at most so often: a look costs as much at any speed of the run. */
const TELL_PERIOD_MS = 1_000;
const TEXTS_MAX = 6;
const CHARS_MAX = 600;

/** Tells the last of the rows that are handed to the writer, now and then: for those who look on. */
export function tellKeptRows(
  columns: readonly Column[],
  nowMs: () => number,
  emit: Emit<KeptRowEvent>,
): (rows: RecordBatch) => void {
  const names = columns.filter(({ type }) => type === 'string').map(({ name }) => name);
  const shown = names.slice(0, TEXTS_MAX);
  const hasSeq = columns.some(({ name }) => name === 'seq');
  let dueMs = -Infinity;
  return (rows) => {
    if (rows.numRows === 0 || shown.length === 0 || nowMs() < dueMs) return;
    dueMs = nowMs() + TELL_PERIOD_MS;
    const last = sliceRows(rows, rows.numRows - 1, rows.numRows);
    const texts = shown.map((name) => [name, textOf(columnValues(last, name)[0])]);
    const seq = hasSeq ? { seq: columnValues(last, 'seq')[0] as number } : {};
    emit({ event: 'keptRow', ...seq, texts: Object.fromEntries(texts) });
  };
}

function textOf(value: unknown): string {
  const text = typeof value === 'string' ? value : '';
  return text.length > CHARS_MAX ? `${cutText(text, CHARS_MAX)}…` : text;
}

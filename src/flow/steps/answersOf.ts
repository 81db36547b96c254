import { columnValues, hasColumn } from '../../arrow/read.js';
import type { Batch } from '../batch.js';
import { joinReplyTexts } from './lostReply.js';

/** Columns that hold what a model answered, the latest first: a row that a later step loses was answered there. */
const REPLY_COLUMNS = ['response', 'responses'];

/** Gives what a model had answered to row `index` before the row was lost, from the columns; null where there is nothing. */
export function answersOf({ rows }: Pick<Batch, 'rows'>): (index: number) => string | null {
  const name = REPLY_COLUMNS.find((column) => hasColumn(rows, column));
  if (name === undefined) return () => null;
  const values = columnValues(rows, name);
  return (index) => {
    const value = values[index];
    if (typeof value === 'string') return value;
    const texts = Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
    return texts.length > 0 ? joinReplyTexts(texts) : null;
  };
}

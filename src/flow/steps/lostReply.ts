import { columnValues, hasColumn } from '../../arrow/read.js';
import type { Batch } from '../batch.js';

/** Columns that hold what a model answered, the latest first: a row that a later step loses was answered there. */
const REPLY_COLUMNS = ['response', 'responses'];

/** Several replies as one text, each under a rule. */
export function joinReplyTexts(texts: readonly string[]): string {
  return texts.join('\n---\n');
}

/** The first characters of a text. A pair of surrogates is never cut in two. */
export function cutText(text: string, charsMax: number): string {
  if (text.length <= charsMax) return text;
  const last = text.charCodeAt(charsMax - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? charsMax - 1 : charsMax);
}

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

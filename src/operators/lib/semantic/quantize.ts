import { RowError } from '../../../errors.js';

/**
 * A vector as whole numbers from -127 to 127, in its own scale. What is computed of them is exact: the order of sums, which differs
 * between processors and libraries, decides nothing. Of MiniLM's vectors the cosine changes by 0.0005 or so.
 */
export function quantize(vector: readonly number[]): Int8Array {
  let largest = 0;
  for (const value of vector) largest = Math.max(largest, Math.abs(value));
  if (!(largest > 0 && largest < Infinity)) {
    const message = 'the model gave a vector without a direction, all of whose numbers are 0';
    throw new RowError('ROW_SCORE_INVALID', message, { mayDiffer: true });
  }
  return Int8Array.from(vector, (value) => Math.round((value / largest) * LEVELS));
}

const LEVELS = 127;

/** The square of a vector's length: a whole number. */
export function squareOf(vector: Int8Array): number {
  let sum = 0;
  for (let at = 0; at < vector.length; at++) sum += vector[at]! ** 2;
  return sum;
}

import { RowError } from '../../errors.js';
import type { Choice } from '../model.js';

/**
 * What is wrong with choices that all end without any text; undefined for any others. Those that a bound, a filter, a tool or a
 * thought ended are none of them: they say themselves why.
 */
export function emptyFault(choices: readonly Choice[]): RowError | undefined {
  const isEmpty = choices.every(({ text, finish }) => finish === 'stop' && text.trim() === '');
  return isEmpty ? new RowError('ROW_EMPTY', 'its reply ended without any text') : undefined;
}

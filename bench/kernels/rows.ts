import type { RecordBatch } from 'apache-arrow';
import { buildRows } from '../../src/arrow/build.js';
import { SEQ_COLUMN } from '../../src/arrow/columnType.js';
import type { Column, ColumnValue } from '../../src/arrow/columnType.js';
import { deriveUniform } from '../../src/random.js';

/**
 * Rows as a run makes them: a question of about 240 characters, a response of about 1,150, five candidates,
 * rewards.
 */
export const COLUMNS: Column[] = [
  SEQ_COLUMN,
  { name: 'query', type: 'string', help: 'The question.' },
  { name: 'response', type: 'string', help: 'The answer.' },
  { name: 'candidates', type: 'list<string>', help: 'Five other answers, short.' },
  { name: 'rewards', type: 'list<float64>', help: 'A score each.' },
  { name: 'difficulty', type: 'float64', help: 'From 0 to 1, if known.', nullable: true },
  { name: 'solvable', type: 'bool', help: 'The verdict.' },
];

const WORDS = (
  'the of and let find number such that for all real integer sum product how many ways triangle circle area prime ' +
  'divisor modulo equation polynomial root probability expected value matrix vector limit integral series converge ' +
  'therefore hence because we obtain so answer is $x^2+1$ \\frac{1}{2} \\sqrt{3} \\boxed{42} n=2k+1 0 1 2 3 5 7 11 13'
).split(' ');

function text(seed: number, step: string, seq: number, chars: number): string {
  let words = '';
  for (let at = 0; words.length < chars; at++) {
    words += `${WORDS[Math.floor(deriveUniform(seed, step, seq, at) * WORDS.length)]!} `;
  }
  return words;
}

/** values[column][row] of the rows lo to hi - 1; the same for the same seed. */
export function benchValues(lo: number, hi: number, seed = 1): ColumnValue[][] {
  const seqs = Array.from({ length: hi - lo }, (_, at) => lo + at);
  const five = [0, 1, 2, 3, 4];
  return [
    seqs,
    seqs.map((seq) => text(seed, 'query', seq, 120 + 240 * deriveUniform(seed, 'queryChars', seq))),
    seqs.map((seq) => text(seed, 'response', seq, 575 + 1150 * deriveUniform(seed, 'responseChars', seq))),
    seqs.map((seq) => five.map((at) => text(seed, `candidate${at}`, seq, 80))),
    seqs.map((seq) => five.map((at) => deriveUniform(seed, 'reward', seq, at))),
    seqs.map((seq) => (seq % 10 === 0 ? null : deriveUniform(seed, 'difficulty', seq))),
    seqs.map((seq) => deriveUniform(seed, 'solvable', seq) < 0.8),
  ];
}

export function benchRows(lo: number, hi: number, seed = 1): RecordBatch {
  return buildRows(COLUMNS, benchValues(lo, hi, seed), hi - lo);
}

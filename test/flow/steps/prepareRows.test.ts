import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Subject, firstValueFrom, from, toArray } from 'rxjs';
import { RowError } from '../../../src/errors.js';
import type { Batch } from '../../../src/flow/batch.js';
import { KEEP, drop } from '../../../src/flow/steps/outcome.js';
import { prepareRows } from '../../../src/flow/steps/prepareRows.js';
import { scanRows } from '../../../src/flow/steps/scanRows.js';
import { batchesOf, lostTexts, outputOf, questionsInput } from '../../helpers/runs/runOperator.js';

const SHAPE = { step: 'seen', reads: { question: 'string' }, writes: [] } as const;

/** Drops a row whose prepared length came before. */
function seenLengths(prepare: (row: { seq: number; question: string }) => Promise<number>) {
  return scanRows(SHAPE, {
    init: () => new Set<number>(),
    prepare,
    decide: (seen, _row, length) =>
      seen.has(length) ? { outcome: drop('seen') } : { outcome: KEEP, delta: length },
    apply: (seen, length: number) => void seen.add(length),
  });
}

const QUESTIONS = ['one', 'three', 'two', 'nine', 'seven', 'eleven'];

test('rows of all batches wait at once, and are decided in order whatever came first', async () => {
  const waiting = new Map<number, () => void>();
  const prepare = ({ seq, question }: { seq: number; question: string }): Promise<number> =>
    new Promise((resolve) => waiting.set(seq, () => resolve(question.length)));
  const output = outputOf(from(batchesOf(questionsInput(QUESTIONS), 2)).pipe(seenLengths(prepare)));
  await new Promise(setImmediate);
  assert.deepEqual([...waiting.keys()], [0, 1, 2, 3, 4, 5]);
  for (const seq of [5, 3, 4, 1, 0, 2]) {
    waiting.get(seq)!();
    await new Promise(setImmediate);
  }
  assert.deepEqual(lostTexts(await output), ['2 dropped seen', '4 dropped seen']);
});

test('a RowError rejects its row, and another error ends the stream', async () => {
  const input = from(batchesOf(questionsInput(QUESTIONS), 4));
  const failing =
    (error: Error) =>
    async (row: { question: string }): Promise<number> => {
      if (row.question === 'one') throw error;
      return row.question.length;
    };
  const output = await outputOf(input.pipe(seenLengths(failing(new RowError('ROW_TIMEOUT', 'too late')))));
  assert.deepEqual(lostTexts(output), ['0 rejected ROW_TIMEOUT', '4 dropped seen']);
  await assert.rejects(outputOf(input.pipe(seenLengths(failing(new Error('gone'))))), /gone/);
});

test('nothing is asked about rows that are incomplete or screened, nor where the result was replayed', async () => {
  const asked: number[] = [];
  const prepare = async ({ seq }: { seq: number }): Promise<number> => asked.push(seq);
  const screen = () => QUESTIONS.map((_, at) => (at === 2 ? drop('screened') : null));
  const input = {
    columns: { question: 'string' },
    nullable: ['question'],
    rows: QUESTIONS.map((question, at) => ({ question: at === 4 ? null : question })),
  } as const;
  const batches = batchesOf(input, QUESTIONS.length);
  const replayed = batches.map((batch): Batch => ({
    ...batch,
    lo: 6,
    hi: 12,
    stepResults: [{ rowsIn: 0, from: [], written: null, events: [] }],
  }));
  const source = from([...batches, ...replayed]);
  const shape = { ...SHAPE, screen, at: 0 };
  const [first, second] = await firstValueFrom(
    source.pipe(
      prepareRows(shape, (row) => prepare(row)),
      toArray(),
    ),
  );
  assert.deepEqual(asked, [0, 1, 3, 5]);
  assert.deepEqual(
    first!.rows.map(({ outcome }) => outcome && 'reason' in outcome && outcome.reason),
    [undefined, undefined, 'screened', undefined, 'ROW_VALUE_MISSING', undefined],
  );
  assert.deepEqual(second!.rows, []);
});

test('once nobody listens, no further row of a large batch is asked about', async () => {
  let asked = 0;
  const source = new Subject<Batch>();
  const large = questionsInput(Array.from({ length: 1000 }, () => 'why'));
  const subscription = source
    .pipe(
      seenLengths(async () => {
        asked += 1;
        return asked;
      }),
    )
    .subscribe();
  source.next(batchesOf(large, 1000)[0]!);
  subscription.unsubscribe();
  for (let turn = 0; turn < 40; turn++) await new Promise(setImmediate);
  assert.ok(asked < 1000, `${asked}`);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RowError } from '../../../src/errors.js';
import { mapRows } from '../../../src/flow/steps/mapRows.js';
import {
  type Outcome,
  type StepCounts,
  KEEP,
  drop,
  keep,
  multiply,
} from '../../../src/flow/steps/outcome.js';
import { addTo, createRowTally } from '../../../src/flow/steps/rowTally.js';
import { SEQ_INDEX_COLUMN } from '../../../src/arrow/columnType.js';
import { driven, settle, textBatch } from '../batches.js';

const SHAPE = { step: 'asked', reads: { text: 'string' }, writes: [SEQ_INDEX_COLUMN] } as const;

test('a batch that waits for replies tells its rows as they are decided, and no row twice', async () => {
  const told: StepCounts[] = [];
  const decide: ((outcome: Outcome<{ seqIndex?: number }> | RowError) => void)[] = [];
  const shape = { ...SHAPE, onCounts: (counts: StepCounts) => void told.push({ ...counts }) };
  const { source, out } = driven(
    mapRows(shape, ({ text }) => {
      if (text === 'at once') return drop('known');
      return new Promise((resolve, reject) =>
        decide.push((outcome) => (outcome instanceof RowError ? reject(outcome) : resolve(outcome))),
      );
    }),
  );
  source.next(textBatch(0, ['one', 'at once', 'many', 'lost', 'slow']));
  assert.deepEqual(told, [{ rowsIn: 1, kept: 0, dropped: 1, rejected: 0 }]);
  decide[1]!(multiply([{}, {}, {}]));
  await settle();
  assert.deepEqual(told.at(-1), { rowsIn: 1, kept: 3, dropped: 0, rejected: 0 });
  decide[2]!(new RowError('ROW_LENGTH', 'too long'));
  await settle();
  assert.deepEqual(told.at(-1), { rowsIn: 1, kept: 0, dropped: 0, rejected: 1 });
  decide[0]!(keep({}));
  await settle();
  assert.deepEqual([told.length, out.length], [4, 0], 'the batch still waits');
  decide[3]!(keep({}));
  await settle();
  assert.equal(out.length, 1);
  const sum = { rowsIn: 0, kept: 0, dropped: 0, rejected: 0 };
  for (const counts of told) addTo(sum, counts);
  assert.deepEqual([told.length, sum], [5, { rowsIn: 5, kept: 5, dropped: 1, rejected: 1 }]);
});

test('rows that are decided at once are told once a batch, and nothing after the stream has ended', async () => {
  const told: StepCounts[] = [];
  const shape = { step: 'plain', reads: { text: 'string' }, writes: [] } as const;
  const onCounts = (counts: StepCounts): void => void told.push(counts);
  const sync = driven(mapRows({ ...shape, onCounts }, () => KEEP));
  sync.source.next(textBatch(0, ['a', 'b', 'c']));
  assert.deepEqual(told, [{ rowsIn: 3, kept: 3, dropped: 0, rejected: 0 }]);
  const tally = createRowTally(onCounts, () => true);
  tally.tell(KEEP);
  assert.equal(told.length, 1);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Subject, from } from 'rxjs';
import { RowError } from '../../../src/errors.js';
import type { Batch, BatchOperator } from '../../../src/flow/batch.js';
import { KEEP, type StepShape, drop } from '../../../src/flow/steps/outcome.js';
import { isDelta } from '../../../src/flow/rowEvents.js';
import { scanRows } from '../../../src/flow/steps/scanRows.js';
import { type StepState, replayed } from '../../../src/flow/stepResults/stepResult.js';
import { ROWS_A_TURN } from '../../../src/flow/turns.js';
import { committedValues } from '../../helpers/runs/committedValues.js';
import { driven, plainBatch, settle, textBatch, valuesOf } from '../batches.js';

const SHAPE = { step: 'unique', reads: { text: 'string' }, writes: [] } as const;

/** Keeps the first of equal texts. */
function unique(more: Pick<StepShape, 'at' | 'onState' | 'screen'> = {}, restored: string[] = []) {
  return scanRows(
    { ...SHAPE, ...more },
    {
      init: () => new Set<string>(),
      decide(seen, { text }) {
        if (text === 'unclear') throw new RowError('ROW_UNCLEAR', 'cannot tell');
        if (text === 'broken') throw new Error('broken');
        return seen.has(text) ? { outcome: drop('seen') } : { outcome: KEEP, delta: text };
      },
      apply: (seen, text: string) => void seen.add(text),
    },
    committedValues(restored),
  );
}

function deltasOf(batch: Batch): unknown[] {
  return batch.events.filter(isDelta).map(({ seq, step, value }) => [seq, step, value]);
}

test('rows are decided in order, each from the state after those before it; deltas are events', () => {
  const { source, out } = driven(unique());
  source.next(textBatch(0, ['a', 'b', 'a']));
  source.next(textBatch(3, ['b', 'c']));
  assert.deepEqual(
    out.map((batch) => valuesOf(batch, 'text')),
    [['a', 'b'], ['c']],
  );
  assert.deepEqual(out.flatMap(deltasOf), [
    [0, 'unique', 'a'],
    [1, 'unique', 'b'],
    [4, 'unique', 'c'],
  ]);
});

test('restored deltas are the state of the first row, and no events', async () => {
  const { source, out, seen } = driven(unique({}, ['a']));
  source.next(textBatch(1, ['a', 'b']));
  source.next(textBatch(3, ['b']));
  source.complete();
  assert.deepEqual(seen, [], 'batches wait for the state');
  await settle();
  await settle();
  assert.deepEqual(seen, ['1-3', '3-4', 'done']);
  assert.deepEqual([valuesOf(out[0]!, 'text'), deltasOf(out[0]!)], [['b'], [[2, 'unique', 'b']]]);
});

test('two subscriptions share no state', () => {
  const operator = unique();
  const kept: unknown[] = [];
  for (const _ of [1, 2])
    from([textBatch(0, ['a'])])
      .pipe(operator)
      .subscribe((batch) => kept.push(valuesOf(batch, 'text')));
  assert.deepEqual(kept, [['a'], ['a']]);
});

test('a RowError rejects its row and changes nothing; any other error, and a batch out of place, end the stream', () => {
  const rejecting = driven(unique());
  rejecting.source.next(textBatch(0, ['unclear', 'a']));
  assert.deepEqual(valuesOf(rejecting.out[0]!, 'text'), ['a']);
  assert.deepEqual(deltasOf(rejecting.out[0]!), [[1, 'unique', 'a']]);
  const broken = driven(unique());
  broken.source.next(textBatch(0, ['broken']));
  assert.deepEqual(broken.seen, ['broken']);
  const gap = driven(unique());
  gap.source.next(textBatch(0, ['a']));
  gap.source.next(textBatch(2, ['b']));
  assert.deepEqual(gap.seen, ['0-1', 'ERR_INVARIANT']);
});

test('a replayed batch passes as it is; its deltas are in the state of the next row that is decided', () => {
  const { source, out } = driven(unique({ at: 0 }));
  const batch: Batch = {
    ...textBatch(0, ['a']),
    events: [
      { kind: 'delta', seq: 0, step: 'unique', value: 'a' },
      { kind: 'delta', seq: 0, step: 'other', value: 'b' },
    ],
    stepResults: [replayed('link')],
  };
  source.next(batch);
  assert.equal(out[0], batch);
  source.next(textBatch(1, ['a', 'b']));
  assert.deepEqual(valuesOf(out[1]!, 'text'), ['b']);
});

test('the hash of the state is told before the first batch and after each; it follows from the deltas alone', async () => {
  const statesOf = (batches: readonly Batch[], restored: string[] = []): StepState[] => {
    const states: StepState[] = [];
    const { source } = driven(unique({ at: 0, onState: (state) => states.push(state) }, restored));
    for (const batch of batches) source.next(batch);
    return states;
  };
  const parts = statesOf([textBatch(0, ['a', 'a']), textBatch(2, ['b'])]);
  assert.deepEqual(
    parts.map(({ upTo }) => upTo),
    [null, 2, 3],
  );
  assert.equal(new Set(parts.map(({ hash }) => hash)).size, 3);
  const whole = statesOf([textBatch(0, ['a', 'a', 'b'])]);
  assert.equal(whole.at(-1)!.hash, parts.at(-1)!.hash, 'other batches, the same state');
  assert.equal(await statesOf([], ['a', 'b'])[0]!.hash, parts.at(-1)!.hash, 'restored, the same state');
  assert.equal(statesOf([plainTexts(['a', 'b']), textBatch(2, ['a'])]).at(-1)!.hash, parts.at(-1)!.hash);
});

function plainTexts(texts: string[]): Batch {
  return textBatch(0, texts);
}

test('a result says which state it rests on: the one before its batch', () => {
  const states: StepState[] = [];
  const { source, out } = driven(unique({ at: 0, onState: (state) => states.push(state) }));
  source.next(textBatch(0, ['a']));
  source.next(textBatch(1, ['b']));
  assert.deepEqual(
    out.map(({ stepResults }) => stepResults![0]!.stateBefore),
    [states[0]!.hash, states[1]!.hash],
  );
});

test('a step without state has no hash: its result rests on the row alone', () => {
  const told: StepState[] = [];
  const shape = {
    step: 'figures',
    reads: {},
    writes: [],
    at: 0,
    onState: (state: StepState) => told.push(state),
  };
  const { source, out } = driven(
    scanRows(shape, {
      init: () => null,
      decide: () => ({ outcome: KEEP, delta: 1 }),
      apply: () => {},
    }),
  );
  source.next(plainBatch(0, 2));
  assert.deepEqual(
    [told, out[0]!.stepResults![0]!.stateBefore, deltasOf(out[0]!).length],
    [[], undefined, 2],
  );
});

test('what the screen rejects is not decided and leaves the state as it was', () => {
  const reject = { kind: 'rejected', reason: 'ROW_MARKER', message: 'bad' } as const;
  const { source, out } = driven(unique({ screen: () => [reject, null, null] }));
  source.next(textBatch(0, ['a', 'a', 'a']));
  assert.deepEqual(valuesOf(out[0]!, 'seq'), [1]);
  assert.deepEqual(deltasOf(out[0]!), [[1, 'unique', 'a']]);
});

test('a long batch is decided in turns of the event loop: in order, and wholly before the batch behind it', async () => {
  const { source, out, seen } = driven(unique());
  const texts = Array.from({ length: 3 * ROWS_A_TURN }, (_, at) => `${at % (2 * ROWS_A_TURN)}`);
  source.next(textBatch(0, texts));
  source.next(textBatch(texts.length, ['0', 'new']));
  assert.deepEqual(seen, []);
  for (let turns = 0; seen.length < 2 && turns < 20; turns++) await settle();
  assert.deepEqual(valuesOf(out[0]!, 'text'), texts.slice(0, 2 * ROWS_A_TURN));
  assert.deepEqual(valuesOf(out[1]!, 'text'), ['new']);
  assert.equal(deltasOf(out[0]!).length, 2 * ROWS_A_TURN);
});

test('once nobody listens, a long batch is not decided further', async () => {
  let decided = 0;
  const counting = scanRows(SHAPE, {
    init: () => 0,
    decide() {
      decided += 1;
      return { outcome: KEEP, delta: 1 };
    },
    apply: () => {},
  });
  const source = new Subject<Batch>();
  const listening = source.pipe(counting as BatchOperator).subscribe();
  source.next(
    textBatch(
      0,
      Array.from({ length: 3 * ROWS_A_TURN }, () => 'a'),
    ),
  );
  listening.unsubscribe();
  for (let turns = 0; turns < 20; turns++) await settle();
  assert.ok(decided <= ROWS_A_TURN, `${decided} rows decided`);
});

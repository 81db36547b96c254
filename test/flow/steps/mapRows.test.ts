import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RecordBatch } from 'apache-arrow';
import { Subject } from 'rxjs';
import { columnValues } from '../../../src/arrow/read.js';
import { RowError } from '../../../src/errors.js';
import type { Batch, BatchOperator } from '../../../src/flow/batch.js';
import { mapRows } from '../../../src/flow/steps/mapRows.js';
import { drop, keep } from '../../../src/flow/steps/outcome.js';
import { replayed } from '../../../src/flow/stepResults/stepResult.js';
import { ROWS_A_TURN } from '../../../src/flow/turns.js';
import { driven, settle, textBatch, valuesOf } from '../batches.js';

const SHAPE = {
  step: 'length',
  reads: { text: 'string' },
  writes: [{ name: 'chars', type: 'int32', help: 'characters' }],
} as const;

/** A batch whose rows take three turns of the event loop to begin. */
const LONG = textBatch(
  0,
  Array.from({ length: 2 * ROWS_A_TURN + 1 }, (_, at) => `${at}`),
);

test('synchronous decisions: the batch goes on in the same call, with what was written', () => {
  const { source, out } = driven(mapRows(SHAPE, ({ text }) => keep({ chars: text.length })));
  source.next(textBatch(0, ['a', 'bcd']));
  assert.deepEqual(valuesOf(out[0]!, 'chars'), [1, 3]);
});

test('all rows of a batch start at once; it goes on when the last of them is decided', async () => {
  const started: string[] = [];
  const finish: (() => void)[] = [];
  const { source, seen, out } = driven(
    mapRows(SHAPE, ({ text }) => {
      started.push(text);
      return new Promise((resolve) => finish.push(() => resolve(keep({ chars: text.length }))));
    }),
  );
  source.next(textBatch(0, ['one', 'three']));
  assert.deepEqual(started, ['one', 'three']);
  finish[1]!();
  await settle();
  assert.deepEqual(seen, []);
  finish[0]!();
  await settle();
  assert.deepEqual(valuesOf(out[0]!, 'chars'), [3, 5]);
});

test('a RowError rejects its row, thrown or rejected; the others go on', async () => {
  const { source, out } = driven(
    mapRows(SHAPE, ({ text }) => {
      if (text === 'thrown') throw new RowError('ROW_EMPTY', 'nothing in it');
      if (text === 'rejected') return Promise.reject(new RowError('ROW_LENGTH', 'too long'));
      return text === 'dropped' ? drop('bad') : keep({ chars: 0 });
    }),
  );
  source.next(textBatch(0, ['kept', 'thrown', 'rejected', 'dropped']));
  await settle();
  assert.deepEqual(valuesOf(out[0]!, 'seq'), [0]);
  assert.deepEqual(
    out[0]!.events.map((event) => [event.kind, event.seq, 'reason' in event && event.reason]),
    [
      ['rejected', 1, 'ROW_EMPTY'],
      ['rejected', 2, 'ROW_LENGTH'],
      ['dropped', 3, 'bad'],
    ],
  );
});

test('any other error ends the stream', async () => {
  for (const failing of [() => Promise.reject(new Error('no server')), () => raise('no server')]) {
    const { source, seen } = driven(mapRows(SHAPE, failing));
    source.next(textBatch(0, ['a']));
    await settle();
    assert.deepEqual(seen, ['no server']);
  }
});

function raise(message: string): never {
  throw new Error(message);
}

test('a row without a value in a column that is read is rejected, and never decided', () => {
  const decided: unknown[] = [];
  const { source, out } = driven(
    mapRows(SHAPE, ({ text }) => {
      decided.push(text);
      return keep({ chars: 0 });
    }),
  );
  source.next(textBatch(0, [null, 'a']));
  assert.deepEqual(decided, ['a']);
  assert.deepEqual(
    out[0]!.events.map((event) => [event.seq, 'reason' in event && event.reason]),
    [[0, 'ROW_VALUE_MISSING']],
  );
});

test('a batch whose step result was replayed passes as it is', () => {
  const { source, out } = driven(mapRows({ ...SHAPE, at: 0 }, () => raise('it was decided again')));
  const batch = { ...textBatch(0, ['a']), stepResults: [replayed('link')] };
  source.next(batch);
  assert.equal(out[0], batch);
});

test('what the screen rejects is not decided; the others are, and a screen that finds nothing costs nothing', () => {
  const decided: string[] = [];
  const screens: (string[] | null)[] = [['b'], null];
  const screen = (rows: RecordBatch) => {
    const bad = screens.shift();
    const reject = { kind: 'rejected', reason: 'ROW_MARKER', message: 'bad' } as const;
    return bad
      ? columnValues(rows, 'text').map((text) => (bad.includes(text as string) ? reject : null))
      : null;
  };
  const { source, out } = driven(
    mapRows({ ...SHAPE, screen }, ({ text }) => {
      decided.push(text);
      return keep({ chars: 1 });
    }),
  );
  source.next(textBatch(0, ['a', 'b', 'c']));
  source.next(textBatch(3, ['b']));
  assert.deepEqual(decided, ['a', 'c', 'b']);
  assert.deepEqual(
    out.map((batch) => valuesOf(batch, 'seq')),
    [[0, 2], [3]],
  );
  assert.deepEqual(
    out[0]!.events.map(({ kind, seq }) => [kind, seq]),
    [['rejected', 1]],
  );
});

test('the rows of a long batch begin in turns of the event loop, and a short batch behind it waits for them', async () => {
  const begun: number[] = [];
  const { source, seen, out } = driven(
    mapRows(SHAPE, ({ text }) => {
      begun.push(Number(text));
      return keep({ chars: text.length });
    }),
  );
  source.next(LONG);
  source.next(textBatch(LONG.hi, ['next']));
  assert.ok(
    begun.filter((at) => !Number.isNaN(at)).length <= ROWS_A_TURN,
    'the first rows begin at once, the rest later',
  );
  for (let turns = 0; seen.length < 2 && turns < 20; turns++) await settle();
  assert.deepEqual(seen, [`0-${LONG.hi}`, `${LONG.hi}-${LONG.hi + 1}`]);
  assert.deepEqual(
    valuesOf(out[0]!, 'chars'),
    valuesOf(LONG, 'text').map((text) => String(text).length),
  );
});

test('an error ends the stream while other rows of a long batch wait for their turn; these do not begin', async () => {
  let begun = 0;
  const { source, seen } = driven(
    mapRows(SHAPE, () => {
      begun += 1;
      return begun === 1 ? Promise.reject(new Error('no server')) : new Promise<never>(() => {});
    }),
  );
  source.next(LONG);
  for (let turns = 0; turns < 20; turns++) await settle();
  assert.deepEqual([seen, source.observed], [['no server'], false]);
  assert.ok(begun <= ROWS_A_TURN, `${begun} rows began`);
});

test('once nobody listens, the rows that wait for their turn do not begin', async () => {
  let begun = 0;
  const source = new Subject<Batch>();
  const listening = source
    .pipe(
      mapRows(SHAPE, ({ text }) => {
        begun += 1;
        return keep({ chars: text.length });
      }) as BatchOperator,
    )
    .subscribe();
  await settle();
  source.next(LONG);
  listening.unsubscribe();
  for (let turns = 0; turns < 20; turns++) await settle();
  assert.ok(begun <= ROWS_A_TURN, `${begun} rows began`);
});

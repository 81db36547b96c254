import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RecordBatch } from 'apache-arrow';
import { columnValues } from '../../../src/arrow/read.js';
import { RowError } from '../../../src/errors.js';
import { mapRows } from '../../../src/flow/steps/mapRows.js';
import { drop, keep } from '../../../src/flow/steps/outcome.js';
import { replayed } from '../../../src/flow/stepResults/stepResult.js';
import { driven, settle, textBatch, valuesOf } from '../batches.js';

const SHAPE = {
  step: 'length',
  reads: { text: 'string' },
  writes: [{ name: 'chars', type: 'int32', help: 'characters' }],
} as const;

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

import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { test } from 'node:test';
import { buildRows } from '../../src/arrow/build.js';
import { SEQ_COLUMN } from '../../src/arrow/columnType.js';
import { createGate } from '../../src/flow/gate.js';
import { createPause } from '../../src/flow/pause.js';

test('listeners hear each change once, until they end that', () => {
  const pause = createPause();
  const heard: boolean[] = [];
  const end = pause.onChange(() => heard.push(pause.isPaused));
  pause.set(false);
  pause.set(true);
  pause.set(true);
  pause.set(false);
  end();
  pause.set(true);
  assert.deepEqual(heard, [true, false]);
});

test('a paused gate reads no further row, whatever is delivered, and goes on where it stood', async () => {
  const pause = createPause();
  const gate = createGate({ windowRows: 4, batchRows: 2, limit: 10, pause });
  const read = (lo: number, rowsMax: number) =>
    buildRows([SEQ_COLUMN], [Array.from({ length: rowsMax }, (_, at) => lo + at)], rowsMax) as never;
  const seen: number[] = [];
  let isDone = false;
  gate.source(read).subscribe({ next: ({ lo }) => void seen.push(lo), complete: () => (isDone = true) });
  await turn();
  assert.deepEqual(seen, [0, 2]);
  pause.set(true);
  gate.delivered(4, 4);
  await turn();
  assert.deepEqual(seen, [0, 2], 'rows in flight are delivered, and none is read');
  pause.set(false);
  await turn();
  assert.deepEqual(seen, [0, 2, 4, 6]);
  gate.delivered(8, 8);
  await turn();
  assert.deepEqual([seen.at(-1), isDone], [8, true]);
});

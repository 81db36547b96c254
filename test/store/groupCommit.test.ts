import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createGroupCommit } from '../../src/store/groupCommit.js';
import { type Replies, textAt } from '../../src/store/replies.js';

/** A sleep that ends when the test says so, and a `write` that does. */
function world() {
  const windows: (() => void)[] = [];
  const written: [key: string, text: string][][] = [];
  const pending: { replies: Replies; finish: () => void; fail: (error: Error) => void }[] = [];
  const sleep = (): Promise<void> => new Promise((resolve) => windows.push(resolve));
  const groups = createGroupCommit('run', sleep, (replies) => {
    written.push(replies.keys.map((key, at) => [key, textAt(replies, at)]));
    return new Promise((finish, fail) => pending.push({ replies, finish, fail }));
  });
  return { groups, written, pending, endWindow: () => windows.shift()!() };
}

const settle = (): Promise<void> => new Promise(setImmediate);

test('replies of one window are one write, which resolves all of them', async () => {
  const { groups, written, pending, endWindow } = world();
  let resolved = 0;
  for (const key of ['a', 'b', 'c']) void groups.put(key, `text ${key} é∑`).then(() => (resolved += 1));
  await settle();
  assert.deepEqual(written, [], 'the window is open');
  endWindow();
  await settle();
  assert.deepEqual(written, [['a', 'b', 'c'].map((key) => [key, `text ${key} é∑`])]);
  assert.equal(pending[0]!.replies.run, 'run');
  assert.equal(resolved, 0, 'not durable yet');
  pending[0]!.finish();
  await settle();
  assert.equal(resolved, 3);
});

test('a reply after the window waits for the next write, which begins after the first has ended', async () => {
  const { groups, written, pending, endWindow } = world();
  void groups.put('a', 'one');
  endWindow();
  await settle();
  void groups.put('b', 'two');
  endWindow();
  await settle();
  assert.equal(written.length, 1);
  pending[0]!.finish();
  await settle();
  assert.deepEqual(written[1], [['b', 'two']]);
});

test('the texts of a write stay as they are until it resolves, while the next group is filled', async () => {
  const { groups, pending, endWindow } = world();
  void groups.put('a', 'x'.repeat(1000));
  endWindow();
  await settle();
  void groups.put('b', 'y'.repeat(1000));
  assert.equal(textAt(pending[0]!.replies, 0), 'x'.repeat(1000));
});

test('a large group is written at once', async () => {
  const { groups, written } = world();
  void groups.put('a', 'x'.repeat(300 << 10));
  await settle();
  assert.equal(written.length, 0);
  void groups.put('b', '∑'.repeat(80 << 10));
  await settle();
  assert.deepEqual(
    written[0]!.map(([key, text]) => [key, text.length]),
    [
      ['a', 300 << 10],
      ['b', 80 << 10],
    ],
  );
});

test('after a failed write every reply fails with its error, and nothing more is written', async () => {
  const { groups, written, pending, endWindow } = world();
  const first = groups.put('a', 'one');
  endWindow();
  await settle();
  const second = groups.put('b', 'two');
  pending[0]!.fail(new Error('the disk is full'));
  endWindow();
  await assert.rejects(first, /the disk is full/);
  await assert.rejects(second, /the disk is full/);
  await assert.rejects(groups.put('c', 'three'), /the disk is full/);
  await assert.rejects(groups.drain(), /the disk is full/);
  assert.equal(written.length, 1);
});

test('drain writes the open group at once and resolves when it is durable; a window that ends later adds nothing', async () => {
  const { groups, written, pending, endWindow } = world();
  void groups.put('a', 'one');
  let drained = false;
  void groups.drain().then(() => (drained = true));
  await settle();
  assert.deepEqual([written.length, drained], [1, false]);
  pending[0]!.finish();
  await settle();
  endWindow();
  await settle();
  assert.deepEqual([written.length, drained], [1, true]);
});

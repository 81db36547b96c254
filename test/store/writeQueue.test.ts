import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createWriteQueue } from '../../src/store/writeQueue.js';

test('writes run one after the other, in the order of the calls; each call gets its own result', async () => {
  const enqueue = createWriteQueue();
  const steps: string[] = [];
  const write = (name: string) => async () => {
    steps.push(`${name} begins`);
    await new Promise(setImmediate);
    steps.push(`${name} ends`);
    return name;
  };
  const results = await Promise.all(['a', 'b', 'c'].map((name) => enqueue(write(name))));
  assert.deepEqual(results, ['a', 'b', 'c']);
  assert.deepEqual(
    steps,
    ['a', 'b', 'c'].flatMap((name) => [`${name} begins`, `${name} ends`]),
  );
});

test('a failed write rejects its own call, and the next one runs', async () => {
  const enqueue = createWriteQueue();
  const failed = enqueue(() => Promise.reject(new Error('full')));
  const next = enqueue(async () => 'written');
  await assert.rejects(failed, /full/);
  assert.equal(await next, 'written');
});

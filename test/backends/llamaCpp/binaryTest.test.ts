import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { getLlama } from 'node-llama-cpp';
import { withoutBinaryTest } from '../../../src/backends/llamaCpp/binaryTest.js';
import { testFolder } from '../../helpers/files/testFolder.js';

const load = () => getLlama({ build: 'never', gpu: false, maxThreads: 1 });

/** How many processes start while the work is done. */
async function startsIn(work: () => Promise<unknown>): Promise<number> {
  let starts = 0;
  const count = (): void => void (starts += 1);
  subscribe('child_process', count);
  try {
    await work();
  } finally {
    unsubscribe('child_process', count);
  }
  return starts;
}

test('the binary is loaded without a process beside; by itself the package starts one', async () => {
  const starts = await startsIn(async () => {
    const llama = await withoutBinaryTest(load);
    assert.equal(llama.gpu, false);
    await llama.dispose();
    // The second begins before the first has ended, and ends after it.
    const later = withoutBinaryTest(() =>
      withoutBinaryTest(load)
        .then((first) => first.dispose())
        .then(load),
    );
    const both = await Promise.all([withoutBinaryTest(load), later]);
    await Promise.all(both.map((each) => each.dispose()));
  });
  assert.equal(starts, 0);
  assert.equal(await startsIn(async () => (await load()).dispose()), 1);
});

test('other modules are forked, and afterwards that one too, also where loading fails', async (t) => {
  const folder = await testFolder(t);
  const exitCode = async (name: string): Promise<unknown> => {
    const file = join(folder, name);
    writeFileSync(file, 'process.on("message", () => process.exit(7))');
    const child = fork(file);
    child.send({ type: 'exit' });
    return (await once(child, 'exit'))[0];
  };
  assert.equal(await withoutBinaryTest(() => exitCode('other.js')), 7);
  assert.equal(await withoutBinaryTest(() => exitCode('testBindingBinary.js')), 0);
  await assert.rejects(
    withoutBinaryTest(() => Promise.reject(new Error('torn'))),
    /torn/,
  );
  assert.equal(await exitCode('testBindingBinary.js'), 7);
});

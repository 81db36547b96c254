import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../../src/clock.js';
import { nodeFiles } from '../../src/io/files/files.js';
import { type Store, openStore } from '../../src/store/store.js';
import { pruneStore } from '../../src/store/tools/pruneStore.js';
import { summarizeStore } from '../../src/store/tools/summarizeStore.js';
import { temporaryFolder } from '../helpers/commandLine.js';
import { damageStepResults, makeOlder } from './storeReplies.js';

const { nowMs, sleep } = systemClock;
const [ONE, OTHER] = ['0123456789abcdef01234567', 'ffffffffffffffffffffffff'] as const;

async function opened<T>(path: string, use: (store: Store) => Promise<T> | T): Promise<T> {
  const store = await openStore(path, 'test', { files: nodeFiles, nowMs, sleep });
  try {
    return await use(store);
  } finally {
    await store.close();
  }
}

function bytesOf(number: number): Buffer {
  return Buffer.from(`result ${number} `.repeat(100));
}

test('what was put is there in the next process, by fingerprint and first row', async () => {
  const path = join(temporaryFolder(), 'store');
  await opened(path, ({ stepResults }) =>
    stepResults.put(0x7fff_fe00, [
      { fingerprint: ONE, bytes: bytesOf(1) },
      { fingerprint: OTHER, bytes: bytesOf(2) },
    ]),
  );
  await opened(path, ({ stepResults }) => {
    assert.deepEqual(stepResults.get(ONE, 0x7fff_fe00), bytesOf(1));
    assert.deepEqual(stepResults.get(`${OTHER}0000`, 0x7fff_fe00), bytesOf(2));
    assert.equal(stepResults.get(ONE, 0), undefined);
  });
});

test('many at once, with replies in between; closing waits for them', async () => {
  const path = join(temporaryFolder(), 'store');
  await opened(path, (store) => {
    for (let lo = 0; lo < 50; lo++) {
      void store.stepResults.put(lo, [{ fingerprint: ONE, bytes: bytesOf(lo) }]);
      void store.put(String.fromCharCode(lo).repeat(16), `["score","m",0,[${lo}]]`);
    }
  });
  await opened(path, (store) => {
    for (let lo = 0; lo < 50; lo++) {
      assert.deepEqual(store.stepResults.get(ONE, lo), bytesOf(lo));
      assert.equal(store.get(String.fromCharCode(lo).repeat(16)), `["score","m",0,[${lo}]]`);
    }
  });
});

test('a damaged record is an error that says what to do', async () => {
  const path = join(temporaryFolder(), 'store');
  await opened(path, ({ stepResults }) => stepResults.put(0, [{ fingerprint: ONE, bytes: bytesOf(0) }]));
  await damageStepResults(path);
  await opened(path, ({ stepResults }) => {
    assert.throws(() => stepResults.get(ONE, 0), { code: 'ERR_STORE_DAMAGED', message: /--prune-damaged/ });
  });
});

test('a store that was made before step results were cached is shown as it is, with its counts', async () => {
  const path = join(temporaryFolder(), 'store');
  await opened(path, async (store) => {
    await store.put('0123456789abcdef', '["score","m",0,[1]]');
    store.count('m', false);
  });
  await makeOlder(path);
  const { replies, stepResultBytes, runs } = await summarizeStore(nodeFiles, path);
  assert.deepEqual([replies, stepResultBytes], [1, 0]);
  assert.deepEqual(runs[0]!.models, { m: { hits: 0, misses: 1 } });
  await opened(path, ({ stepResults }) => stepResults.put(0, [{ fingerprint: ONE, bytes: bytesOf(0) }]));
  assert.ok((await summarizeStore(nodeFiles, path)).stepResultBytes > 0);
});

test('any prune removes all of them: from which replies they were made is not known', async () => {
  const path = join(temporaryFolder(), 'store');
  const count = 2500;
  await opened(path, ({ stepResults }) =>
    Promise.all(
      Array.from({ length: count }, (_, lo) =>
        stepResults.put(lo, [{ fingerprint: ONE, bytes: bytesOf(lo) }]),
      ),
    ),
  );
  assert.ok((await summarizeStore(nodeFiles, path)).stepResultBytes > 100 * count);
  assert.deepEqual(await pruneStore(nodeFiles, path, { beforeMs: 0 }), { blocks: 0, replies: 0 });
  assert.equal((await summarizeStore(nodeFiles, path)).stepResultBytes, 0);
  await opened(path, ({ stepResults }) => assert.equal(stepResults.get(ONE, 0), undefined));
});

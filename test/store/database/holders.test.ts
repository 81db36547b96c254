import assert from 'node:assert/strict';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../../../src/clock.js';
import { nodeFiles } from '../../../src/io/files/files.js';
import { openStore } from '../../../src/store/store.js';
import { type StoreHolder, claimStore, thisHolder } from '../../../src/store/database/holders.js';
import { summarizeStore } from '../../../src/store/tools/summarizeStore.js';
import { temporaryFolder } from '../../helpers/commandLine.js';
import { keyOf, textOf } from '../storeReplies.js';

const { nowMs, sleep } = systemClock;
const DEPS = { files: nodeFiles, nowMs, sleep };

function holdersIn(path: string): string[] {
  return readdirSync(path).filter((name) => name.startsWith('open-'));
}

/** Leaves a holder's file as another process would. */
function leave(path: string, holder: Partial<StoreHolder>): string {
  const found = { ...thisHolder().self, ...holder };
  const file = join(path, `open-${found.host}-${found.pid}-0.json`);
  writeFileSync(file, JSON.stringify(found));
  return file;
}

async function storeWith(count: number): Promise<string> {
  const path = join(temporaryFolder(), 'store');
  const store = await openStore(path, 'run', DEPS);
  for (let number = 0; number < count; number++) await store.put(keyOf(number), textOf(number));
  assert.equal(holdersIn(path).length, 1, 'who has it open says so');
  await store.close();
  assert.deepEqual(holdersIn(path), []);
  return path;
}

test('a store that a process of another machine has open is refused, to readers too, until its name is removed', async () => {
  const path = await storeWith(1);
  const before = readFileSync(join(path, 'data.mdb'));
  const file = leave(path, { host: 'elsewhere', pid: 17, bootId: 'another' });
  const refusal = {
    code: 'ERR_STORE_OPEN',
    message: /process 17 on elsewhere has it open.*remove .*open-elsewhere-17-0/,
  };
  await assert.rejects(openStore(path, 'run', DEPS), refusal);
  await assert.rejects(summarizeStore(nodeFiles, path), refusal);
  assert.deepEqual(holdersIn(path), ['open-elsewhere-17-0.json'], 'who was refused leaves nothing');
  assert.deepEqual(readFileSync(join(path, 'data.mdb')), before);
  await nodeFiles.unlink(file);
  const store = await openStore(path, 'run', DEPS);
  assert.equal(store.get(keyOf(0)), textOf(0));
  await store.close();
});

test('processes of one machine share a store, in its containers too; the dead are forgotten', async () => {
  const path = await storeWith(1);
  leave(path, { host: 'container', pid: 1 });
  const dead = leave(path, { pid: 2 ** 22 - 1, bornAt: '1' });
  const [first, second] = await Promise.all([openStore(path, 'a', DEPS), openStore(path, 'b', DEPS)]);
  assert.ok(!holdersIn(path).some((name) => dead.endsWith(name)));
  await first.close();
  assert.equal(holdersIn(path).length, 2);
  await second.close();
  assert.deepEqual(holdersIn(path), ['open-container-1-0.json']);
});

test('two machines at once: never both', async () => {
  const path = await storeWith(1);
  const world = thisHolder();
  const other = { self: { ...world.self, host: 'elsewhere', bootId: 'another' }, isAlive: world.isAlive };
  for (let round = 0; round < 20; round++) {
    const claims = await Promise.allSettled([
      claimStore(nodeFiles, path, world),
      claimStore(nodeFiles, path, other),
    ]);
    const held = claims.flatMap((claim) => (claim.status === 'fulfilled' ? [claim.value] : []));
    assert.ok(held.length < 2);
    for (const release of held) await release();
    assert.deepEqual(holdersIn(path), []);
  }
});

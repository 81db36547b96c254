import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openStore } from '../../src/store/store.js';
import { cases } from '../helpers/texts/cases.js';
import { temporaryFolder } from '../helpers/commandLine.js';
import { fillBut, mountTmpfs } from '../helpers/files/smallDisk.js';
import { DEPS, MANY, fill, missing, upTo } from './filledStore.js';
import { runWriter } from './runWriter.js';
import { keyOf, textOf } from './storeReplies.js';

/** Processes that write into a store are killed, write at once, and meet full disks and few file descriptors. */

const KILLS = cases(5, 20);

test(`killed at any moment, ${KILLS} times: every acknowledged reply is there`, async () => {
  const path = join(temporaryFolder(), 'store');
  const acked: number[] = [];
  let killed = 0;
  for (let round = 0; round < KILLS; round++) {
    const writer = await runWriter(path, round * 20_000, 20_000, 10 + Math.floor((460 / KILLS) * round));
    acked.push(...writer.acked);
    if (!writer.closed) killed += 1;
    if (round % 5 === 4) assert.deepEqual(await missing(path, acked), []);
  }
  assert.ok(killed >= 0.75 * KILLS, `${killed} of ${KILLS} were killed while they wrote`);
  assert.ok(acked.length > 100 * KILLS, `${acked.length} replies were acknowledged`);
  assert.deepEqual(await missing(path, acked), []);
});

test('two write and one reads in one store at once', async () => {
  const path = join(temporaryFolder(), 'store');
  const writers = Promise.all([runWriter(path, 0, MANY), runWriter(path, MANY, MANY)]);
  const bystander = await openStore(path, 'bystander', DEPS);
  await bystander.put(keyOf(-1), 'mine');
  const ended = await writers;
  for (const { closed, acked, failures } of ended) {
    assert.deepEqual([closed, acked.length, failures], [true, MANY, []]);
  }
  const seen = upTo(2 * MANY).filter((number) => bystander.get(keyOf(number)) === textOf(number));
  assert.equal(
    seen.length,
    2 * MANY,
    'what the others checkpointed is seen by a process that was open before',
  );
  await bystander.close();
  assert.deepEqual(await missing(path, upTo(2 * MANY)), []);
});

const FREE_KIB = [0, 4, 8, 12, 16, 40, 100, 400, 700, 1000];
for (const freeKiB of FREE_KIB.filter((_, at) => at % cases(3, 1) === 0)) {
  test(`a disk with ${freeKiB} KiB left ends no process, and what was acknowledged stays`, async (t) => {
    const disk = mountTmpfs(t, 'size=2m');
    if (disk === null) return t.skip('mounting a file system wants root');
    const filler = fillBut(disk, 2048, freeKiB);
    const path = join(disk, 'store');
    const writer = await runWriter(path, 0, MANY);
    assert.equal(writer.code, 0);
    const codes = [...new Set(writer.failures)];
    if (!writer.closed) assert.deepEqual([codes, writer.acked], [['ERR_STORE_OPEN'], []]);
    else assert.deepEqual(codes, ['ERR_STORE_WRITE']);
    assert.match(writer.messages[0]!, /\(ENOSPC\): the disk is full\. Free some space/);
    rmSync(filler);
    assert.deepEqual(await missing(path, writer.acked), []);
    const again = await runWriter(path, MANY, 20);
    assert.deepEqual([again.acked.length, again.closed], [20, true]);
  });
}

test('few file descriptors end no process: the store opens, or says what is short', async () => {
  const path = join(temporaryFolder(), 'store');
  const codes: string[] = [];
  for (const store of ['new', 'there'])
    for (let free = 0; free < 8; free++) {
      const at = store === 'new' ? `${path}${free}` : path;
      if (store === 'there' && free === 0) await fill(path, 1);
      const few = `ulimit -n 300; export FREE_HANDLES=${free};`;
      const { code, acked, failures, messages } = await runWriter(at, 0, 1, undefined, few);
      assert.equal(code, 0, `${store}, ${free} free`);
      codes.push(failures[0] ?? `${acked.length} acked`);
      if (failures.length > 0) assert.match(messages[0]!, /\(EMFILE\): too many open files/);
    }
  assert.deepEqual([...new Set(codes)].sort(), ['1 acked', 'ERR_STORE_OPEN']);
});

test('a full disk: the write fails with its code, what was acknowledged stays', async () => {
  const path = join(temporaryFolder(), 'store');
  // A limit on the size of files, in KiB, fails as a full disk does, without one.
  const writer = await runWriter(path, 0, 10_000, undefined, 'ulimit -f 1000;');
  assert.ok(writer.acked.length > 100 && writer.failures.length > 100, JSON.stringify(writer.failures[0]));
  assert.deepEqual([...new Set(writer.failures)], ['ERR_STORE_WRITE']);
  assert.ok(writer.closed, 'the process came to its end');
  assert.deepEqual(await missing(path, writer.acked), []);
});

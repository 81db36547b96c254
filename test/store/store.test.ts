import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { open } from 'lmdb';
import { type Files, nodeFiles } from '../../src/io/files/files.js';
import { type Store, openStore } from '../../src/store/store.js';
import { temporaryFolder } from '../helpers/commandLine.js';
import { DEPS, MANY, fill, missing, upTo, withOpen } from './filledStore.js';
import { runWriter } from './runWriter.js';
import { damageBlocks, keyOf, textOf } from './storeReplies.js';

/** Up to the end of the last page that the database has used. */
async function usedBytesOf(path: string): Promise<number> {
  const database = open({ path, noSubdir: false, readOnly: true });
  const { pageSize, lastPageNumber } = database.getStats() as { pageSize: number; lastPageNumber: number };
  await database.close();
  return (lastPageNumber + 1) * pageSize;
}

describe('a store', () => {
  test('gives what was put, at once and after it was opened again, from the log and after a checkpoint', async () => {
    for (const count of [1, MANY]) {
      const path = join(temporaryFolder(), 'deep', 'store');
      await withOpen(path, async (store) => {
        assert.equal(store.get(keyOf(0)), undefined);
        await Promise.all(upTo(count).map((number) => store.put(keyOf(number), textOf(number))));
        for (const number of upTo(count)) assert.equal(store.get(keyOf(number)), textOf(number));
        assert.equal(store.get(keyOf(count)), undefined);
      });
      assert.deepEqual(await missing(path, upTo(count)), []);
    }
  });

  test('keeps texts of any characters and sizes, and the last of two with one key', async () => {
    const path = join(temporaryFolder(), 'store');
    const texts = ['', '\u0000', 'x'.repeat(3e6), '𝔸é∑'.repeat(5000), '\ud800'];
    await withOpen(path, async (store) => {
      await Promise.all(texts.map((text, number) => store.put(keyOf(number), text)));
      await store.put(keyOf(0), 'later');
    });
    // A lone surrogate has no UTF-8; JSON, which is what the store is given, escapes it.
    const expected = ['later', ...texts.slice(1, -1), '\ufffd'];
    await withOpen(path, (store) => {
      assert.deepEqual(
        texts.map((_, number) => store.get(keyOf(number))),
        expected,
      );
    });
  });

  test('groups of any size, one gathered while another is written: from the log, as others see them, and after a checkpoint', async () => {
    const path = join(temporaryFolder(), 'store');
    // Texts of 20 bytes to 9 KB, in groups of less than a block, of one, of many, and of more than one flush takes.
    const groups = [1, 3, 40, 100, 300, 2000, 2, 150];
    const numbers = upTo(groups.reduce((sum, count) => sum + count, 0));
    const long = (number: number): string =>
      `${number} ${textOf(number)
        .slice(0, 20)
        .repeat(1 + ((7 * number) % 450))}`;
    const wrong = (store: Store): number[] =>
      numbers.filter((number) => store.get(keyOf(number)) !== long(number));
    const store = await openStore(path, 'test', DEPS);
    const puts: Promise<void>[] = [];
    for (const count of groups) {
      for (let put = 0; put < count; put++) puts.push(store.put(keyOf(puts.length), long(puts.length)));
      await DEPS.sleep(60);
    }
    await Promise.all(puts);
    assert.deepEqual(wrong(store), []);
    assert.deepEqual(await withOpen(path, wrong), [], 'a process that opens it beside');
    assert.deepEqual(wrong(store), [], 'what the other process has checkpointed');
    await store.close();
    assert.deepEqual(await withOpen(path, wrong), []);
  });

  test('keeps an empty reply that is a block alone, and one after it', async () => {
    const path = join(temporaryFolder(), 'store');
    for (const text of ['', 'x'.repeat(40_000)]) {
      await withOpen(path, (store) => store.put(keyOf(text.length), text));
      await withOpen(path, (store) => assert.equal(store.get(keyOf(text.length)), text));
    }
  });

  test('of two replies with one key the later counts, also where the first was read meanwhile', async () => {
    const path = join(temporaryFolder(), 'store');
    await fill(path, 200);
    await withOpen(path, async (store) => {
      assert.equal(store.get(keyOf(7)), textOf(7));
      await store.put(keyOf(7), 'later');
      assert.equal(store.get(keyOf(7)), 'later');
      await Promise.all(upTo(200).map((number) => store.put(keyOf(number), `last ${textOf(number)}`)));
      assert.equal(store.get(keyOf(7)), `last ${textOf(7)}`);
    });
    await withOpen(path, (store) => assert.equal(store.get(keyOf(7)), `last ${textOf(7)}`));
  });

  test('refuses what comes after its close', async () => {
    const store = await openStore(join(temporaryFolder(), 'store'), 'test', DEPS);
    const last = store.put(keyOf(1), 'last');
    await store.close();
    await last;
    await assert.rejects(store.put(keyOf(2), 'late'), { code: 'ERR_CANCELLED' });
    await store.close();
  });
});

describe('what is no store, or a damaged one', () => {
  test('a file, a folder of other things, a data file of another kind, another program’s database', async () => {
    const folder = temporaryFolder();
    const cases = ['file', 'folder', 'data', 'lmdb'].map((name) => join(folder, name));
    const [file, other, data, lmdb] = cases as [string, string, string, string];
    writeFileSync(file, 'x');
    mkdirSync(other);
    writeFileSync(join(other, 'notes.txt'), 'mine');
    mkdirSync(data);
    writeFileSync(join(data, 'data.mdb'), 'x'.repeat(10_000));
    const database = open({ path: lmdb, noSubdir: false });
    await database.put('a', 1);
    await database.close();
    for (const path of cases) {
      await assert.rejects(openStore(path, 'test', DEPS), { code: 'ERR_STORE_FOREIGN' }, path);
    }
    assert.equal(readFileSync(join(other, 'notes.txt'), 'utf8'), 'mine');
    const again = open({ path: lmdb, noSubdir: false });
    assert.equal(again.get('a'), 1);
    await again.close();
  });

  test('a path that cannot be made', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'file'), '');
    for (const path of [join(folder, 'file', 'store'), '/proc/nowhere/store']) {
      await assert.rejects(openStore(path, 'test', DEPS), { code: 'ERR_STORE_OPEN' }, path);
    }
  });

  test('a store of a newer version', async () => {
    const path = join(temporaryFolder(), 'store');
    await fill(path, 1);
    const database = open({ path, noSubdir: false, encoding: 'binary', keyEncoding: 'binary' });
    await database.put(Buffer.from('format'), Buffer.from('{"kind":"scalequest-store","version":2}'));
    await database.close();
    await assert.rejects(openStore(path, 'test', DEPS), { code: 'ERR_STORE_VERSION' });
  });

  test('a data file cut off anywhere is refused, or whole', async () => {
    const path = join(temporaryFolder(), 'store');
    await fill(path, MANY);
    const file = join(path, 'data.mdb');
    const usedBytes = await usedBytesOf(path);
    assert.ok(usedBytes < readFileSync(file).length, 'space is taken ahead');
    truncateSync(file, usedBytes);
    assert.deepEqual(await missing(path, upTo(MANY)), []);
    const again = await usedBytesOf(path);
    for (const bytes of [again - 1, ...[0.9, 0.5, 0.1, 0.01].map((share) => Math.floor(again * share))]) {
      truncateSync(file, bytes);
      await assert.rejects(openStore(path, 'test', DEPS), { code: 'ERR_STORE_DAMAGED' }, `${bytes}`);
    }
    truncateSync(file, 100);
    await assert.rejects(openStore(path, 'test', DEPS), { code: 'ERR_STORE_FOREIGN' });
  });

  test('a data file that another process grows while it is looked at is whole', async () => {
    const path = join(temporaryFolder(), 'store');
    await fill(path, 1);
    const sizeBytes = statSync(join(path, 'data.mdb')).size;
    let grown = 0;
    const files: Files = {
      ...nodeFiles,
      async open(name, mode) {
        if (mode === 'read' && grown++ === 0) await runWriter(path, 0, 8 * MANY);
        return nodeFiles.open(name, mode);
      },
    };
    await (await openStore(path, 'test', { ...DEPS, files })).close();
    assert.ok((await usedBytesOf(path)) > sizeBytes);
  });

  test('a data file is cut off only if it is so at every look', async () => {
    const path = join(temporaryFolder(), 'store');
    await fill(path, MANY);
    const half = (until: number): Files => {
      let looks = 0;
      const stat = async (name: string) => {
        const found = await nodeFiles.stat(name);
        return found && name.endsWith('.mdb') && looks++ < until ? { ...found, sizeBytes: 9000 } : found;
      };
      return { ...nodeFiles, stat };
    };
    await (await openStore(path, 'test', { ...DEPS, files: half(2) })).close();
    await assert.rejects(openStore(path, 'test', { ...DEPS, files: half(Infinity) }), {
      code: 'ERR_STORE_DAMAGED',
    });
  });

  test('a data file that is empty or gone: a new store before its first reply, damage after', async () => {
    const path = join(temporaryFolder(), 'store');
    await fill(path, 1);
    const file = join(path, 'data.mdb');
    truncateSync(file, 0);
    await assert.rejects(openStore(path, 'test', DEPS), {
      code: 'ERR_STORE_DAMAGED',
      message: /was emptied/,
    });
    rmSync(file);
    await assert.rejects(openStore(path, 'test', DEPS), {
      code: 'ERR_STORE_DAMAGED',
      message: /has lost its/,
    });
    // A crash before the first transaction leaves it like this.
    rmSync(join(path, 'store.json'));
    writeFileSync(file, '');
    await fill(path, 1);
    assert.deepEqual(await missing(path, [0]), []);
  });

  test('a data file of one page, as a full disk may leave it, is begun anew', async () => {
    const path = join(temporaryFolder(), 'store');
    // A database that has seen no transaction: its first page as LMDB makes it.
    const database = open({ path, noSubdir: false });
    await database.close();
    truncateSync(join(path, 'data.mdb'), 4096);
    const page = readFileSync(join(path, 'data.mdb'));
    assert.equal(page.readBigUInt64LE(152), 0n);
    await fill(path, 1);
    assert.deepEqual(await missing(path, [0]), []);
  });

  test('changed bytes in replies: the reply is not used, and the error says what to do', async () => {
    const path = join(temporaryFolder(), 'store');
    await fill(path, MANY);
    damageBlocks(join(path, 'data.mdb'), 'test');
    const store = await openStore(path, 'other', DEPS);
    const codes = upTo(MANY).map((number) => {
      try {
        return store.get(keyOf(number)) === textOf(number) ? 'whole' : 'wrong';
      } catch (error) {
        return (error as { code: string }).code;
      }
    });
    await store.close();
    assert.ok(codes.includes('ERR_STORE_DAMAGED'), [...new Set(codes)].join());
    assert.ok(!codes.includes('wrong'));
  });
});

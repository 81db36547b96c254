import assert from 'node:assert/strict';
import { existsSync, mkdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Files, nodeFiles } from '../../../src/io/files/files.js';
import { openStoreTables } from '../../../src/store/database/tables.js';
import { prepareStoreFolder, readStoreFolder } from '../../../src/store/database/storeFolder.js';
import { temporaryFolder } from '../../helpers/commandLine.js';

/** A store that holds nothing but its own records. */
async function storeFolder(): Promise<{ path: string; dataFile: string }> {
  const path = join(temporaryFolder(), 'store');
  await (await openStoreTables(nodeFiles, path)).close();
  return { path, dataFile: join(path, 'data.mdb') };
}

test('a folder is made where there is none; reading makes nothing', async () => {
  const path = join(temporaryFolder(), 'deep', 'store');
  assert.deepEqual(await prepareStoreFolder(nodeFiles, path), { isNew: true });
  assert.ok(existsSync(path));
  assert.deepEqual(await readStoreFolder(nodeFiles, path), { isNew: true, isBegun: false });
});

test('a whole store is not new, and is left as it is', async () => {
  const { path, dataFile } = await storeFolder();
  const { size } = statSync(dataFile);
  assert.deepEqual(await prepareStoreFolder(nodeFiles, path), { isNew: false });
  assert.equal(statSync(dataFile).size, size);
});

test('a file, or a folder of other things, is foreign; files that we left before the first transaction are not', async () => {
  const folder = temporaryFolder();
  const file = join(folder, 'file');
  writeFileSync(file, '');
  await assert.rejects(prepareStoreFolder(nodeFiles, file), {
    code: 'ERR_STORE_FOREIGN',
    message: /is a file/,
  });
  const mixed = join(folder, 'mixed');
  mkdirSync(mixed);
  for (const name of ['space.tmp', 'lock.mdb', 'store.json.tmp', 'open-machine-1-0.json'])
    writeFileSync(join(mixed, name), '');
  assert.deepEqual(await prepareStoreFolder(nodeFiles, mixed), { isNew: true });
  writeFileSync(join(mixed, 'notes.txt'), '');
  await assert.rejects(prepareStoreFolder(nodeFiles, mixed), {
    code: 'ERR_STORE_FOREIGN',
    message: /notes\.txt/,
  });
});

test('a data file of one page without a transaction is emptied to begin again; after the mark it is damage', async () => {
  const { path, dataFile } = await storeFolder();
  rmSync(join(path, 'store.json'));
  truncateSync(dataFile, 4096);
  const page = Buffer.alloc(8);
  const handle = await nodeFiles.open(dataFile, 'read');
  const bytes = Buffer.from(await handle.read(0, 4096));
  await handle.close();
  // The number of the page's transaction.
  page.copy(bytes, 152);
  writeFileSync(dataFile, bytes);
  assert.deepEqual(await readStoreFolder(nodeFiles, path), { isNew: true, isBegun: true });
  assert.deepEqual(await prepareStoreFolder(nodeFiles, path), { isNew: true });
  assert.equal(statSync(dataFile).size, 0);
  writeFileSync(join(path, 'store.json'), '');
  await assert.rejects(readStoreFolder(nodeFiles, path), {
    code: 'ERR_STORE_DAMAGED',
    message: /was emptied/,
  });
  rmSync(dataFile);
  await assert.rejects(readStoreFolder(nodeFiles, path), {
    code: 'ERR_STORE_DAMAGED',
    message: /has lost its/,
  });
});

test('another version of LMDB’s format is refused as such, and other bytes as foreign', async () => {
  const { path, dataFile } = await storeFolder();
  const handle = await nodeFiles.open(dataFile, 'read');
  const bytes = Buffer.from(await handle.read(0, statSync(dataFile).size));
  await handle.close();
  bytes.writeUInt32LE(3, 28);
  writeFileSync(dataFile, bytes);
  await assert.rejects(readStoreFolder(nodeFiles, path), {
    code: 'ERR_STORE_VERSION',
    message: /version 3, expected 2/,
  });
  bytes.writeUInt32LE(7, 24);
  writeFileSync(dataFile, bytes);
  await assert.rejects(readStoreFolder(nodeFiles, path), {
    code: 'ERR_STORE_FOREIGN',
    message: /no LMDB file/,
  });
});

test('a data file is cut off only if every read finds it so', async () => {
  const { path } = await storeFolder();
  const shortUntil = (reads: number): Files => {
    let count = 0;
    const stat = async (name: string) => {
      const found = await nodeFiles.stat(name);
      return found && count++ < reads ? { ...found, sizeBytes: 9000 } : found;
    };
    return { ...nodeFiles, stat };
  };
  assert.equal((await readStoreFolder(shortUntil(4), path)).isNew, false);
  await assert.rejects(readStoreFolder(shortUntil(5), path), {
    code: 'ERR_STORE_DAMAGED',
    message: /cut off: data\.mdb has 9000 bytes, expected at least \d+/,
  });
});

import assert from 'node:assert/strict';
import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Files, nodeFiles } from '../../../src/io/files/files.js';
import { assertHandles, assertSpaceForNew, preallocate } from '../../../src/store/database/reservedSpace.js';
import { temporaryFolder } from '../../helpers/commandLine.js';

const PAGE_BYTES = 4096;

/** A tree of so many pages, in a file whose last page has that number. */
function tableOf(pages: number, lastPageNumber = 0) {
  const stats = { pageSize: PAGE_BYTES, lastPageNumber, treeDepth: 2 };
  return { getStats: () => ({ ...stats, treeBranchPageCount: 1, treeLeafPageCount: pages }) };
}

function dataFileOf(sizeBytes: number): string {
  const path = temporaryFolder();
  writeFileSync(join(path, 'data.mdb'), Buffer.alloc(sizeBytes));
  return path;
}

function sizeOf(path: string): number {
  return statSync(join(path, 'data.mdb')).size;
}

test('the data file grows by what a transaction may write: the values, and twice the pages that it copies', async () => {
  const path = dataFileOf(0);
  const value = 1 << 20;
  await preallocate(nodeFiles, path, { root: tableOf(4, 9) }, { keys: 1, valuesBytes: [value] });
  const grown = sizeOf(path);
  assert.ok(grown >= 10 * PAGE_BYTES + 2 * value, `${grown} bytes`);
  assert.ok(grown < 10 * PAGE_BYTES + 2 * value + (1 << 20), `${grown} bytes`);
});

test('what is reserved already is not reserved again, and more keys want more', async () => {
  const path = dataFileOf(0);
  const tables = { root: tableOf(1000, 9), index: tableOf(1000) };
  await preallocate(nodeFiles, path, tables, { keys: 10, valuesBytes: [] });
  const first = sizeOf(path);
  await preallocate(nodeFiles, path, tables, { keys: 10, valuesBytes: [] });
  assert.equal(sizeOf(path), first);
  await preallocate(nodeFiles, path, tables, { keys: 2000, valuesBytes: [] });
  assert.ok(sizeOf(path) > first + 2 * 1000 * PAGE_BYTES, `${sizeOf(path)} bytes after ${first}`);
});

test('a data file that is gone is an error, and no empty one is made', async () => {
  const path = temporaryFolder();
  await assert.rejects(preallocate(nodeFiles, path, { root: tableOf(1) }, { keys: 1, valuesBytes: [] }), {
    code: 'ERR_IO_WRITE',
  });
  assert.deepEqual(readdirSync(path), []);
});

test('space for a new database is tried with a file that is removed again, also after a failure', async () => {
  const path = temporaryFolder();
  await assertSpaceForNew(nodeFiles, path);
  assert.deepEqual(readdirSync(path), []);
  const full: Files = {
    ...nodeFiles,
    async open(name, mode) {
      const file = await nodeFiles.open(name, mode);
      const write = () => Promise.reject(Object.assign(new Error('full'), { code: 'ENOSPC' }));
      return mode === 'write' ? { ...file, write } : file;
    },
  };
  await assert.rejects(assertSpaceForNew(full, path), { code: 'ENOSPC' });
  assert.deepEqual(readdirSync(path), []);
});

test('handles: three are needed, and all of them are closed, also when one cannot be opened', async () => {
  const path = dataFileOf(1);
  for (const free of [2, 3]) {
    let [opened, closed] = [0, 0];
    const files: Files = {
      ...nodeFiles,
      async open(name, mode) {
        if (opened === free) throw Object.assign(new Error('too many'), { code: 'EMFILE' });
        opened += 1;
        const file = await nodeFiles.open(name, mode);
        return { ...file, close: () => ((closed += 1), file.close()) };
      },
    };
    const tried = assertHandles(files, join(path, 'data.mdb'), 'read');
    if (free === 2) await assert.rejects(tried, { code: 'EMFILE' });
    else await tried;
    assert.deepEqual([opened, closed], [free, free]);
  }
});

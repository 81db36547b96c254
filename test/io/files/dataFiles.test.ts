import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { listDataFiles } from '../../../src/io/files/dataFiles.js';
import { nodeFiles } from '../../../src/io/files/files.js';
import { testFolder } from '../../helpers/testFolder.js';

test('a folder is its files of the ending, in name order; a file is itself, whatever its ending', async (t) => {
  const folder = await testFolder(t);
  await mkdir(join(folder, 'data'));
  for (const name of ['data/b.jsonl', 'data/B.jsonl', 'data/.c.jsonl', 'data/d.parquet', 'a.txt'])
    await writeFile(join(folder, name), '');
  const listed = await listDataFiles(nodeFiles, [join(folder, 'data'), join(folder, 'a.txt')], '.jsonl');
  assert.deepEqual(
    listed,
    ['a.txt', 'data/B.jsonl', 'data/b.jsonl'].map((name) => join(folder, name)),
  );
});

test('nothing at a path, or no file of the ending in a folder, is an error', async (t) => {
  const folder = await testFolder(t);
  const gone = join(folder, 'gone.jsonl');
  await assert.rejects(listDataFiles(nodeFiles, [gone], '.jsonl'), {
    code: 'ERR_IO_READ',
    message: `cannot read ${gone}: nothing is there. Check the path.`,
  });
  await assert.rejects(listDataFiles(nodeFiles, [folder], '.jsonl'), {
    code: 'ERR_IO_READ',
    message: /holds no \.jsonl file/,
  });
});

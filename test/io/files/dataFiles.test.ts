import assert from 'node:assert/strict';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { test } from 'node:test';
import { listDataFiles } from '../../../src/io/files/dataFiles.js';
import { nodeFiles } from '../../../src/io/files/files.js';
import { testFolder } from '../../helpers/files/testFolder.js';

const JSONL = { extensions: ['.jsonl'] };

test('a folder is its files of the ending, in name order; a file is itself, whatever its ending', async (t) => {
  const folder = await testFolder(t);
  await mkdir(join(folder, 'data'));
  for (const name of ['data/b.jsonl', 'data/B.jsonl', 'data/.c.jsonl', 'data/d.parquet', 'a.txt'])
    await writeFile(join(folder, name), '');
  const listed = await listDataFiles(nodeFiles, [join(folder, 'data'), join(folder, 'a.txt')], JSONL);
  assert.deepEqual(
    listed.files,
    ['a.txt', 'data/B.jsonl', 'data/b.jsonl'].map((name) => join(folder, name)),
  );
  assert.deepEqual(listed.leftOut, [join(folder, 'data/d.parquet')]);
});

test('folders in a folder are named, or read where the options say so', async (t) => {
  const folder = await testFolder(t);
  await mkdir(join(folder, 'sub/deep'), { recursive: true });
  for (const name of ['b.jsonl', 'sub/a.jsonl', 'sub/x.md', 'sub/deep/c.jsonl'])
    await writeFile(join(folder, name), '');
  const inFolder = (names: string[]): string[] => names.map((name) => join(folder, name));
  const flat = await listDataFiles(nodeFiles, [folder], JSONL);
  assert.deepEqual(flat, { files: inFolder(['b.jsonl']), leftOut: [`${join(folder, 'sub')}/`] });
  const all = await listDataFiles(nodeFiles, [folder], { ...JSONL, subfolders: true });
  assert.deepEqual(all.files, inFolder(['b.jsonl', 'sub/a.jsonl', 'sub/deep/c.jsonl']));
  assert.deepEqual(all.leftOut, inFolder(['sub/x.md']));
});

test('a pattern is the files that it matches, each once; a name with brackets is a name', async (t) => {
  const folder = await testFolder(t);
  await mkdir(join(folder, 'sub'));
  for (const name of ['a1.jsonl', 'a2.txt', 'b.jsonl', 'sub/a3.jsonl', 'a[1].jsonl'])
    await writeFile(join(folder, name), '');
  const list = async (...paths: string[]): Promise<string[]> => {
    const { files } = await listDataFiles(
      nodeFiles,
      paths.map((path) => join(folder, path)),
      JSONL,
    );
    return files.map((file) => relative(folder, file));
  };
  assert.deepEqual(await list('a?.*'), ['a1.jsonl', 'a2.txt']);
  assert.deepEqual(await list('**/a*.jsonl'), ['a1.jsonl', 'a[1].jsonl', 'sub/a3.jsonl']);
  assert.deepEqual(await list('a1*', '*1.jsonl', 'a1.jsonl'), ['a1.jsonl']);
  assert.deepEqual(await list('{b,sub/*}.jsonl'), ['b.jsonl', 'sub/a3.jsonl']);
  assert.deepEqual(await list('a[1].jsonl'), ['a[1].jsonl']);
  assert.deepEqual(await list('a1.jsonl', 'a1.jsonl'), ['a1.jsonl', 'a1.jsonl']);
  await assert.rejects(list('z*'), { code: 'ERR_IO_READ', message: /z\*: no file matches the pattern/ });
});

test('nothing at a path, or no file of the ending in a folder, is an error', async (t) => {
  const folder = await testFolder(t);
  const gone = join(folder, 'gone.jsonl');
  await assert.rejects(listDataFiles(nodeFiles, [gone], JSONL), {
    code: 'ERR_IO_READ',
    message: `cannot read ${gone}: nothing is there. Check the path.`,
  });
  await assert.rejects(listDataFiles(nodeFiles, [folder], JSONL), {
    code: 'ERR_IO_READ',
    message: /holds no \.jsonl file/,
  });
});

test('marks that are no pattern, and patterns longer than any path, match no file', async () => {
  for (const path of ['{{', '[]', `/nowhere/${'*'.repeat(5000)}`])
    await assert.rejects(listDataFiles(nodeFiles, [path], JSONL), { code: 'ERR_IO_READ' });
});

test('links are followed, but for those that lead back to a folder that they lie in', async (t) => {
  const folder = await testFolder(t);
  const [data, other] = [join(folder, 'data'), join(folder, 'other')];
  for (const each of [join(data, 'sub'), other]) await mkdir(each, { recursive: true });
  for (const file of [join(data, 'a.jsonl'), join(data, 'sub', 'b.jsonl'), join(other, 'c.jsonl')])
    await writeFile(file, '{}\n');
  // Two of them would double the files on each level.
  await symlink(data, join(data, 'sub', 'up'));
  await symlink('..', join(data, 'sub', 'upToo'));
  await symlink(other, join(data, 'more'));
  await symlink(join(other, 'c.jsonl'), join(data, 'd.jsonl'));
  await symlink('circle', join(data, 'circle'));
  const names = (paths: readonly string[]): string[] => paths.map((path) => path.slice(data.length + 1));
  const listed = await listDataFiles(nodeFiles, [data], { extensions: ['.jsonl'], subfolders: true });
  assert.deepEqual(names(listed.files), ['a.jsonl', 'd.jsonl', 'more/c.jsonl', 'sub/b.jsonl']);
  assert.deepEqual(names(listed.leftOut), ['circle', 'sub/up/', 'sub/upToo/']);
  const found = await listDataFiles(nodeFiles, [`${data}/**/*.jsonl`], { extensions: ['.jsonl'] });
  assert.deepEqual(names(found.files), names(listed.files));
  await symlink(join(folder, 'nothing'), join(data, 'gone.jsonl'));
  const { files } = await listDataFiles(nodeFiles, [data], { extensions: ['.jsonl'] });
  await assert.rejects(
    nodeFiles.open(
      files.find((file) => file.endsWith('gone.jsonl'))!,
      'read',
    ),
    {
      message: /gone\.jsonl \(ENOENT\): nothing is there/,
    },
  );
});

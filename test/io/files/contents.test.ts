import assert from 'node:assert/strict';
import { copyFile, mkdir, open, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  WHOLE_BYTES_MAX,
  contentsHash,
  openContents,
  readHead,
  treeHash,
} from '../../../src/io/files/contents.js';
import { type Files, nodeFiles } from '../../../src/io/files/files.js';
import { testFolder } from '../../helpers/files/testFolder.js';

test('the same contents have one hash wherever they lie, others another', async (t) => {
  const folder = await testFolder(t);
  const [a, b] = [join(folder, 'a'), join(folder, 'b')];
  await writeFile(a, 'question 1\n');
  await copyFile(a, b);
  assert.equal(await contentsHash(a), await contentsHash(b));
  await writeFile(b, 'question 2\n');
  assert.notEqual(await contentsHash(a), await contentsHash(b));
  await writeFile(b, '');
  assert.match(await contentsHash(b), /^[0-9a-f]{64}$/);
});

test('a huge file counts by its size and by blocks of it, first and last among them', async (t) => {
  const path = join(await testFolder(t), 'huge');
  const file = await open(path, 'w+');
  const sizeBytes = 8 * WHOLE_BYTES_MAX;
  await file.truncate(sizeBytes);
  const seen = new Set([await contentsHash(path)]);
  const changes = [0, 1_000_000, sizeBytes - 1];
  for (const position of changes) {
    await file.write('x', position);
    seen.add(await contentsHash(path));
  }
  await file.truncate(sizeBytes + 1);
  seen.add(await contentsHash(path));
  await file.close();
  assert.equal(seen.size, changes.length + 2);
});

test('a folder counts by the files of its kind', async (t) => {
  const folder = await testFolder(t);
  await writeFile(join(folder, 'a.jsonl'), '{}');
  await mkdir(join(folder, 'sub.jsonl'));
  const before = await contentsHash(folder, { extensions: ['.jsonl'] });
  await writeFile(join(folder, 'note.txt'), 'x');
  assert.equal(await contentsHash(folder, { extensions: ['.jsonl'] }), before);
  await writeFile(join(folder, 'b.jsonl'), '{}');
  assert.notEqual(await contentsHash(folder, { extensions: ['.jsonl'] }), before);
});

test('to open the contents opens what would be hashed and reads nothing', async (t) => {
  const folder = await testFolder(t);
  for (const name of ['a.jsonl', 'b.jsonl', 'c.txt']) await writeFile(join(folder, name), '{}');
  await mkdir(join(folder, 'sub.jsonl'));
  const opened: string[] = [];
  const closed: string[] = [];
  const files: Files = {
    ...nodeFiles,
    open: async (path, mode) => {
      opened.push(path);
      const file = await nodeFiles.open(path, mode);
      const read = (): never => assert.fail('read');
      return { ...file, read, close: () => file.close().then(() => void closed.push(path)) };
    },
  };
  await openContents(folder, { extensions: ['.jsonl'] }, files);
  await openContents(join(folder, 'c.txt'), undefined, files);
  assert.deepEqual(
    opened,
    ['a.jsonl', 'b.jsonl', 'c.txt'].map((name) => join(folder, name)),
  );
  assert.deepEqual(closed, opened);
  await assert.rejects(openContents(join(folder, 'none')), { code: 'ERR_IO_READ' });
});

test('a head is as long as the file at most', async (t) => {
  const path = join(await testFolder(t), 'a');
  await writeFile(path, 'GGUF and more');
  assert.equal(Buffer.from(await readHead(path, 4)).toString(), 'GGUF');
  assert.equal((await readHead(path, 100)).length, 13);
  await assert.rejects(readHead(`${path}x`, 4), { code: 'ERR_IO_READ' });
  await assert.rejects(contentsHash(`${path}x`), { code: 'ERR_IO_READ' });
});

test('a tree counts with its subfolders, names and contents; what programs keep for themselves does not', async (t) => {
  const folder = await testFolder(t);
  const sub = join(folder, 'd', 'sub');
  await mkdir(sub, { recursive: true });
  const seen = [await treeHash(folder)];
  await writeFile(join(sub, 'a'), '1');
  seen.push(await treeHash(folder));
  await writeFile(join(sub, 'a'), '2');
  seen.push(await treeHash(folder));
  await rename(join(sub, 'a'), join(folder, 'd', 'a'));
  seen.push(await treeHash(folder));
  await symlink(join(folder, 'nothing'), join(sub, 'link'));
  seen.push(await treeHash(folder));
  assert.equal(new Set(seen).size, seen.length);
  await mkdir(join(sub, '__pycache__'));
  await writeFile(join(sub, '__pycache__', 'a.pyc'), 'x');
  assert.equal(await treeHash(folder), seen.at(-1));
  const file = join(folder, 'd', 'a');
  assert.equal(await treeHash(file), await contentsHash(file));
  await assert.rejects(treeHash(`${file}x`), { code: 'ERR_IO_READ' });
});

test('a tree whose links lead in circles is read once', { timeout: 20_000 }, async (t) => {
  const folder = await testFolder(t);
  await mkdir(join(folder, 'sub'));
  await writeFile(join(folder, 'sub', 'a'), 'text');
  const before = await treeHash(folder);
  for (const name of ['up', 'upToo']) await symlink('..', join(folder, 'sub', name));
  await symlink('circle', join(folder, 'circle'));
  const looped = await treeHash(folder);
  assert.notEqual(looped, before);
  await writeFile(join(folder, 'sub', 'a'), 'other');
  assert.notEqual(await treeHash(folder), looped);
});

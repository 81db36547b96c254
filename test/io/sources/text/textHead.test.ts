import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { type Files, nodeFiles } from '../../../../src/io/files/files.js';
import { HEAD_END, readTextHead } from '../../../../src/io/sources/text/textHead.js';
import { testFolder } from '../../../helpers/files/testFolder.js';

/** The head's text, whether the file ends with it, and the bytes that were read of the file. */
async function headOf(path: string, charactersMax: number): Promise<[string, boolean, number]> {
  let bytes = 0;
  const files: Files = {
    ...nodeFiles,
    open: async (name, mode) => {
      const file = await nodeFiles.open(name, mode);
      const read = async (position: number, length: number): Promise<Uint8Array> => {
        const found = await file.read(position, length);
        bytes += found.length;
        return found;
      };
      return { ...file, read };
    },
  };
  let text = '';
  try {
    for await (const block of readTextHead(files, path, { charactersMax })) text += block.text;
    return [text, true, bytes];
  } catch (error) {
    assert.equal(error, HEAD_END);
    return [text, false, bytes];
  }
}

test('a text is given up to a number of characters, and one that goes on ends in HEAD_END', async (t) => {
  const path = join(await testFolder(t), 'a.txt');
  for (const [text, charactersMax] of [
    ['', 4],
    ['abcd', 4],
    ['abcde', 4],
    ['ä€😀'.repeat(10), 7],
    ['x'.repeat(100), 99],
  ] as const) {
    await writeFile(path, text);
    const [head, isWhole] = await headOf(path, charactersMax);
    assert.equal(head, text.slice(0, charactersMax));
    assert.equal(isWhole, text.length <= charactersMax);
  }
});

test('a large file is not read for its head, nor a small one that unpacks to a large one', async (t) => {
  const folder = await testFolder(t);
  await writeFile(join(folder, 'a.txt'), 'line\n'.repeat(1 << 20));
  const [, isWhole, bytes] = await headOf(join(folder, 'a.txt'), 1 << 14);
  assert.equal(isWhole, false);
  assert.ok(bytes <= 4 << 14, `${bytes}`);
  await writeFile(join(folder, 'a.txt.gz'), gzipSync('x'.repeat(64 << 20)));
  const cpu = process.cpuUsage();
  const [text] = await headOf(join(folder, 'a.txt.gz'), 1 << 14);
  const { user, system } = process.cpuUsage(cpu);
  assert.equal(text.length, 1 << 14);
  assert.ok((user + system) / 1000 < 150, `${(user + system) / 1000} ms`);
});

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { nodeFiles } from '../../../../src/io/files/files.js';
import { type TextBlock, lineEnds, readText } from '../../../../src/io/sources/text/readText.js';
import { collect } from '../../../helpers/texts/chunks.js';
import { testFolder } from '../../../helpers/files/testFolder.js';

async function read(folder: string, bytes: Uint8Array | string, encoding?: string): Promise<TextBlock[]> {
  const path = join(folder, 'a.txt');
  await writeFile(path, bytes);
  return collect(readText(nodeFiles, path, encoding));
}

const textOf = (blocks: readonly TextBlock[]): string => blocks.map(({ text }) => text).join('');

test('a byte order mark decides, else what is declared', async (t) => {
  const folder = await testFolder(t);
  const text = 'Größe: 5€\r\n日本 😀\n';
  const utf16 = Buffer.from(`\ufeff${text}`, 'utf16le');
  assert.equal(textOf(await read(folder, text)), text);
  assert.equal(textOf(await read(folder, utf16)), `\ufeff${text}`);
  assert.equal(textOf(await read(folder, Buffer.from(utf16).swap16(), 'latin1')), `\ufeff${text}`);
  assert.equal(textOf(await read(folder, utf16.subarray(2), 'utf-16le')), text);
  assert.equal(textOf(await read(folder, Buffer.from('caf\xe9 \x80', 'latin1'), 'cp1252')), 'café €');
  assert.equal(textOf(await read(folder, Uint8Array.of(0xc4, 0xe3, 10, 0xba, 0xc3), 'gbk')), '你\n好');
  assert.deepEqual(await read(folder, ''), []);
  await assert.rejects(read(folder, Uint8Array.of(0xff, 0xfe, 0, 0, 0x7b, 0, 0, 0)), /mark of UTF-32/);
});

test('a line that is not text is told by line and byte; the others are as they are', async (t) => {
  const folder = await testFolder(t);
  const bytes = Buffer.concat([
    Buffer.from('é\r\nfine\n'),
    Buffer.from('caf\xe9!\n', 'latin1'),
    Buffer.from('ü'),
  ]);
  const [block] = await read(folder, bytes);
  assert.equal(block!.text, 'é\r\nfine\ncaf\ufffd!\nü');
  assert.deepEqual(
    block!.faults.map(({ line }) => line),
    [2],
  );
  assert.match(
    block!.faults[0]!.message,
    /byte 0xE9 at position 12 of the text.* is not UTF-8.*windows-1252/,
  );
  const half = Buffer.from('ok\nx\ud83d!\n', 'utf16le');
  const [units] = await read(folder, half, 'utf-16le');
  assert.deepEqual([units!.faults[0]!.line, units!.faults[0]!.message.includes('UTF-16LE')], [1, true]);
});

test('characters and CR LF over the ends of chunks stay whole', async (t) => {
  const folder = await testFolder(t);
  for (const shift of [0, 1, 2, 3]) {
    const text = `${'x'.repeat((1 << 20) - 2 + shift)}😀\r\n`.repeat(3);
    const blocks = await read(folder, text);
    assert.equal(textOf(blocks), text);
    assert.ok(blocks.every((block) => block.faults.length === 0 && !block.text.endsWith('\r')));
    assert.equal(
      blocks.reduce((sum, block) => sum + lineEnds(block.text), 0),
      3,
    );
  }
});

test('lines end in LF, CR LF and CR', () => {
  assert.equal(lineEnds('a\nb\r\nc\rd\r\r\n\u2028'), 5);
});

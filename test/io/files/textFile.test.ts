import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { encodingFault, readTextFile } from '../../../src/io/files/textFile.js';
import { temporaryFolder } from '../../helpers/commandLine.js';

const FOLDER = temporaryFolder();

function fileOf(name: string, bytes: string | Uint8Array): string {
  const path = join(FOLDER, name);
  writeFileSync(path, bytes);
  return path;
}

test('UTF-8 is read, with and without a byte order mark', () => {
  assert.equal(readTextFile(fileOf('plain.yaml', 'a: ü😀\n')), 'a: ü😀\n');
  assert.equal(readTextFile(fileOf('bom.yaml', '\ufeffa: 1\n')), 'a: 1\n');
  assert.equal(readTextFile(fileOf('empty.yaml', '')), '');
});

const WRONG: [name: string, bytes: number[], message: RegExp][] = [
  [
    'Latin-1',
    [0x61, 0x0a, 0x62, 0xfc, 0x0a],
    /line 2 is not UTF-8: found the byte 0xFC at position 3; save it as UTF-8/,
  ],
  ['Latin-1 before a line end', [0x61, 0xe9, 0x0a], /line 1 is not UTF-8: found the byte 0xE9 at position 1/],
  ['a byte behind a sound sequence', [0xc3, 0xbc, 0xff], /found the byte 0xFF at position 2/],
  ['a sequence that is cut off at the end', [0x61, 0xe2, 0x82], /line 1 is not UTF-8/],
  ['a surrogate', [0x61, 0xed, 0xa0, 0x80], /found the byte 0xED at position 1/],
  ['UTF-16', [0xff, 0xfe, 0x61, 0x00], /found UTF-16, expected UTF-8/],
  ['UTF-16 of the other order', [0xfe, 0xff, 0x00, 0x61], /found UTF-16/],
];

for (const [name, bytes, message] of WRONG)
  test(`${name} is refused with its place`, () => {
    assert.match(encodingFault(Uint8Array.from(bytes))!, message);
    const path = fileOf('wrong.yaml', Uint8Array.from(bytes));
    assert.throws(() => readTextFile(path), { code: 'ERR_IO_READ', message });
  });

test('a place far behind is found', () => {
  const bytes = new TextEncoder().encode('line ü\n'.repeat(50_000));
  bytes[300_000] = 0xff;
  assert.match(encodingFault(bytes)!, /line 37501 .*0xFF at position 300000/);
});

test('folders, devices, pipes and large files are refused at once', () => {
  const large = fileOf('large.yaml', '');
  truncateSync(large, 100 * 2 ** 20);
  assert.throws(
    () => readTextFile(large),
    /found 104857600 bytes, expected at most 1048576; is it a file of rows/,
  );
  mkdirSync(join(FOLDER, 'folder'));
  assert.throws(() => readTextFile(join(FOLDER, 'folder')), /it is a folder, expected a file/);
  assert.throws(() => readTextFile('/dev/zero'), /it is a device or a pipe, expected a file/);
  execFileSync('mkfifo', [join(FOLDER, 'pipe')]);
  assert.throws(() => readTextFile(join(FOLDER, 'pipe')), /it is a device or a pipe/);
  assert.throws(() => readTextFile(join(FOLDER, 'gone')), /there is no such file/);
});

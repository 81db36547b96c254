import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodingOf, encodingOfMark } from '../../../../src/io/sources/text/encoding.js';

const name = (label: string): string | undefined => encodingOf(label)?.name;

test('labels of the standard are known; what cannot be cut into lines is not', () => {
  assert.deepEqual(['utf8', 'latin1', 'cp1252', 'UTF-16LE', 'utf-16be', 'Shift_JIS', 'gb2312'].map(name), [
    'utf-8',
    'windows-1252',
    'windows-1252',
    'utf-16le',
    'utf-16be',
    'shift_jis',
    'gbk',
  ]);
  assert.deepEqual(
    ['klingon', '', 'iso-2022-jp', 'constructor', '__proto__'].map(name),
    Array(5).fill(undefined),
  );
});

test('a byte order mark tells', () => {
  const of = (...bytes: number[]): string | undefined => encodingOfMark(Uint8Array.from(bytes))?.name;
  assert.equal(of(0xff, 0xfe, 0x7b, 0), 'utf-16le');
  assert.equal(of(0xfe, 0xff, 0, 0x7b), 'utf-16be');
  assert.equal(of(0xef, 0xbb, 0xbf), 'utf-8');
  assert.equal(of(0x7b), undefined);
});

test('what was cut off at a chunk’s end decodes with what follows', () => {
  const text = 'aé€😀\n日本\r\nx😀';
  const bytes: Record<string, Buffer> = {
    'utf-8': Buffer.from(text),
    'utf-16le': Buffer.from(text, 'utf16le'),
    'utf-16be': Buffer.from(text, 'utf16le').swap16(),
  };
  for (const [label, whole] of Object.entries(bytes)) {
    const encoding = encodingOf(label)!;
    for (let cut = 0; cut <= whole.length; cut++) {
      const end = encoding.cut(whole.subarray(0, cut));
      const parts = [whole.subarray(0, end), whole.subarray(end)].map((part) => encoding.decode(part));
      assert.equal(parts.join(''), text, `${label} cut at ${cut}`);
    }
  }
  const gbk = encodingOf('gbk')!;
  const lines = Uint8Array.from([0xc4, 0xe3, 10, 0xba]);
  assert.equal(gbk.cut(lines), 3);
  assert.equal(gbk.decode(lines.subarray(0, 3)), '你\n');
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compressionOf, withCompressed } from '../../../../src/io/sources/text/compression.js';

test('a name or the first bytes tell how a file is compressed', () => {
  const of = (name: string, ...head: number[]): string | undefined =>
    compressionOf(name, Uint8Array.from(head))?.extension;
  assert.equal(of('a.jsonl.gz', 0x7b), '.gz');
  assert.equal(of('a.jsonl', 0x1f, 0x8b, 8), '.gz');
  assert.equal(of('a.jsonl.zst'), '.zst');
  assert.equal(of('a.jsonl', 0x28, 0xb5, 0x2f, 0xfd), '.zst');
  assert.equal(of('a.jsonl', 0x7b), undefined);
  assert.equal(of('a.jsonl'), undefined);
});

test('each ending comes with each compression', () => {
  assert.deepEqual(withCompressed(['.a', '.b']), ['.a', '.a.gz', '.a.zst', '.b', '.b.gz', '.b.zst']);
});

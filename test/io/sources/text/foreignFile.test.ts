import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertText } from '../../../../src/io/sources/text/foreignFile.js';

test('files of other kinds are told by their first bytes, with advice', () => {
  const refused = (head: string): { code: string; message: RegExp } => ({
    code: 'ERR_DATA_INVALID',
    message: new RegExp(`^a\\.jsonl: found ${head}`),
  });
  const check = (bytes: string): void => assertText('a.jsonl', Buffer.from(bytes, 'latin1'));
  assert.throws(() => check('PAR1\x15\x04'), refused('a Parquet file, expected .*source'));
  assert.throws(() => check('PK\x03\x04'), refused('a zip archive'));
  assert.throws(() => check('BZh91AY'), refused('a bzip2 file'));
  assert.throws(() => check('\xfd7zXZ\0'), refused('an xz file'));
  assert.throws(() => check('ARROW1\0\0'), refused('an Arrow file'));
  for (const text of ['', '{"a":1}', 'PAR', 'question,answer']) check(text);
});

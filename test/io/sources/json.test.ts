import assert from 'node:assert/strict';
import { test } from 'node:test';
import { json } from '../../../src/io/sources/json.js';

test('its files end in .json, and it has the options of text files', () => {
  assert.deepEqual(json.extensions, ['.json', '.json.gz', '.json.zst']);
  const options = json.schema.parse({
    path: 'a',
    onBadLine: 'skip',
    encoding: 'utf-16le',
    lineBytesMax: 4096,
  });
  assert.deepEqual(json.describe(options).paths, ['a']);
  assert.throws(
    () => json.schema.parse({ path: 'a', encoding: 'klingon' }),
    /expected a name of an encoding/,
  );
  assert.throws(() => json.schema.parse({ path: 'a', delimiter: ';' }));
});

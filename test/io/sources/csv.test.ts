import assert from 'node:assert/strict';
import { test } from 'node:test';
import { csv } from '../../../src/io/sources/csv.js';

test('a delimiter is one character that is no quote and no line end', () => {
  assert.deepEqual(csv.extensions, ['.csv', '.csv.gz', '.csv.zst']);
  assert.equal(csv.schema.parse({ path: 'a', delimiter: ';' }).delimiter, ';');
  for (const delimiter of ['', '::', '"', '\n'])
    assert.throws(() => csv.schema.parse({ path: 'a', delimiter }));
});

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { tsv } from '../../../src/io/sources/tsv.js';
import { readSource } from '../../helpers/files/readSource.js';
import { testFolder } from '../../helpers/files/testFolder.js';

test('values divided by tabs; commas are characters', async (t) => {
  const folder = await testFolder(t);
  await writeFile(join(folder, 'a.tab'), 'id\tquestion\n1\ta, "b"\n');
  const options = { path: '.', columns: { question: 'string', id: 'int32' }, quote: 'none' };
  assert.deepEqual((await readSource('tsv', options, { folder })).rows, [
    { seq: 0, question: 'a, "b"', id: 1 },
  ]);
  assert.throws(() => tsv.schema.parse({ path: 'a', delimiter: ';' }));
});

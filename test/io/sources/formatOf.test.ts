import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { nodeFiles } from '../../../src/io/files/files.js';
import { formatOf } from '../../../src/io/sources/formatOf.js';
import { SOURCE_FORMATS } from '../../../src/io/sources/registry.js';
import { temporaryFolder } from '../../helpers/commandLine.js';

test('the format of a file and of a folder of files is told by their endings', async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'a.jsonl.gz'), '');
  assert.equal(await formatOf(join(folder, 'a.jsonl.gz'), nodeFiles), SOURCE_FORMATS.jsonl);
  assert.equal(await formatOf(folder, nodeFiles), SOURCE_FORMATS.jsonl);
  writeFileSync(join(folder, 'b.csv'), '');
  await assert.rejects(formatOf(folder, nodeFiles), {
    code: 'ERR_DATA_INVALID',
    message: /found \.jsonl and \.csv files/,
  });
  mkdirSync(join(folder, 'empty'));
  await assert.rejects(formatOf(join(folder, 'empty'), nodeFiles), { code: 'ERR_DATA_INVALID' });
  await assert.rejects(formatOf(join(folder, 'none'), nodeFiles), { code: 'ERR_IO_READ' });
});

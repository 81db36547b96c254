import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { nodeFiles } from '../../../../src/io/files/files.js';
import { readBytes } from '../../../../src/io/sources/text/readBytes.js';
import { collect } from '../../../helpers/texts/chunks.js';
import { testFolder, watchedFiles } from '../../../helpers/files/testFolder.js';

test('the bytes of a file, plain or compressed; the file is closed when nobody reads on', async (t) => {
  const folder = await testFolder(t);
  const text = 'line\n'.repeat(700_000);
  await writeFile(join(folder, 'a'), text);
  await writeFile(join(folder, 'a.gz'), gzipSync(text));
  await writeFile(join(folder, 'empty'), '');
  for (const name of ['a', 'a.gz'])
    assert.equal(Buffer.concat(await collect(readBytes(nodeFiles, join(folder, name)))).toString(), text);
  assert.deepEqual(await collect(readBytes(nodeFiles, join(folder, 'empty'))), []);
  for (const name of ['a', 'a.gz']) {
    const { files, calls } = watchedFiles();
    for await (const _ of readBytes(files, join(folder, name))) break;
    assert.deepEqual(
      calls.filter((call) => call.startsWith('close')),
      [`close ${name}`],
    );
  }
});

test('a file that is gone, and one of another kind', async (t) => {
  const folder = await testFolder(t);
  await assert.rejects(collect(readBytes(nodeFiles, join(folder, 'gone'))), { code: 'ERR_IO_READ' });
  await writeFile(join(folder, 'a.gz'), '');
  await assert.rejects(collect(readBytes(nodeFiles, join(folder, 'a.gz'))), {
    code: 'ERR_DATA_INVALID',
    message: /a\.gz: found no byte/,
  });
  await writeFile(join(folder, 'a.jsonl'), 'PAR1 and so on');
  await assert.rejects(collect(readBytes(nodeFiles, join(folder, 'a.jsonl'))), /found a Parquet file/);
});

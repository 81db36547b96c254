import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  type ExportRecord,
  exportContents,
  exportDamage,
  exportRecordFile,
  readExportRecord,
  writeExportRecord,
} from '../../../src/io/exports/exportRecord.js';
import { hashBytes } from '../../../src/io/files/atomicFile.js';
import { nodeFiles } from '../../../src/io/files/files.js';
import { testFolder } from '../../helpers/files/testFolder.js';

const BYTES = Buffer.from('rows');
const RECORD: ExportRecord = {
  made: { config: { format: 'messages', question: 'q' }, shards: ['a'.repeat(64)] },
  written: { rows: 3, leftOut: 1 },
  files: [{ file: 'train-00000.parquet', rows: 3, bytes: BYTES.length, sha256: hashBytes(BYTES) }],
};

test('a record stands beside its folder and reads back; a changed one is none', async (t) => {
  const folder = join(await testFolder(t), 'chat');
  assert.equal(await readExportRecord(nodeFiles, folder), null);
  await writeExportRecord(nodeFiles, folder, RECORD);
  assert.deepEqual(await readExportRecord(nodeFiles, folder), RECORD);
  const path = exportRecordFile(folder);
  assert.ok(path.endsWith('/chat.json'));
  const whole = await readFile(path);
  for (let bit = 0; bit < 8 * whole.length; bit += 5) {
    const changed = Buffer.from(whole);
    changed[bit >> 3]! ^= 1 << (bit & 7);
    await writeFile(path, changed);
    assert.equal(await readExportRecord(nodeFiles, folder), null, `bit ${bit}`);
  }
});

test('a file that is not as it was written is named', async (t) => {
  const folder = join(await testFolder(t), 'chat');
  await mkdir(folder);
  const path = join(folder, 'train-00000.parquet');
  await writeFile(path, BYTES);
  assert.equal(await exportDamage(nodeFiles, folder, RECORD), null);
  await writeFile(path, 'sows');
  const found = await exportDamage(nodeFiles, folder, RECORD);
  assert.equal(found?.file.file, 'train-00000.parquet');
  assert.match(found!.damage, /other bytes/);
});

test('its contents are its rows and its form, not the bytes of its files', () => {
  const { made, written } = RECORD;
  assert.equal(exportContents(RECORD), exportContents({ made, written }));
  assert.notEqual(exportContents(RECORD), exportContents({ made, written: { rows: 4, leftOut: 0 } }));
});

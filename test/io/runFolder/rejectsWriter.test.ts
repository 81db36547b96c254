import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { parquetMetadata, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { nodeFiles } from '../../../src/io/files/files.js';
import { type RejectRow, openRejectsWriter } from '../../../src/io/runFolder/rejectsWriter.js';
import { writeRejects } from '../../helpers/files/commitFiles.js';
import { testFolder } from '../../helpers/files/testFolder.js';

const ROW: RejectRow = {
  seq: 0,
  step: 'filterLanguage',
  reason: 'language',
  seqIndex: 0,
  kind: 'dropped',
  message: '',
  question: '¿Qué? 😀',
  reply: 'Más, «sí» 😀',
};

test('every value reads back; no statistics, no page index', async (t) => {
  const path = join(await testFolder(t), 'r.parquet');
  const rows = Array.from({ length: 20_000 }, (_, at): RejectRow => ({
    ...ROW,
    seq: at === 3 ? 2 ** 31 - 1 : at,
    question: at % 3 === 0 ? null : `${ROW.question} ${at}`,
    reply: at % 5 === 0 ? null : `${ROW.reply} ${at}`,
    message: at % 2 === 0 ? '' : 'a "quoted"\nmessage',
  }));
  const written = await writeRejects(nodeFiles, path, rows);
  const bytes = await readFile(path);
  assert.equal(written?.bytes, bytes.length);
  const { buffer: file } = new Uint8Array(bytes);
  const read = await parquetReadObjects({ file, compressors });
  assert.deepEqual(
    read.map((row) => ({ ...row, question: row.question ?? null, reply: row.reply ?? null })),
    rows,
  );
  for (const { meta_data } of parquetMetadata(file).row_groups[0]!.columns) {
    assert.equal(meta_data?.statistics, undefined);
  }
  assert.deepEqual(await writeRejects(nodeFiles, path, rows), written, 'the same rows are the same bytes');
});

test('the same rows are the same bytes in every version, also across row groups', async (t) => {
  const path = join(await testFolder(t), 'r.parquet');
  const rows = Array.from({ length: 16_386 }, (_, seq): RejectRow => ({ ...ROW, seq, seqIndex: seq % 3 }));
  assert.deepEqual(await writeRejects(nodeFiles, path, rows), {
    rows: 16_386,
    bytes: 67_393,
    sha256: '0d3534cabb4cddb4d5c6a3c50bc2a71eab9d2d5c834db1109c86582db2cdaf77',
  });
});

test('no rows, no file', async (t) => {
  const folder = await testFolder(t);
  assert.equal(await writeRejects(nodeFiles, join(folder, 'r.parquet'), []), null);
  assert.deepEqual(await readdir(folder), []);
});

const OUTSIDE: [string, Record<string, unknown>][] = [
  ['NaN', { seq: NaN }],
  ['a fraction', { seq: 1.5 }],
  ['text with digits', { seq: '12abc' }],
  ['an int64', { seq: 2 ** 31 }],
  ['another kind', { kind: 'lost' }],
  ['no message', { message: null }],
  ['one column more', { at: new Date(0) }],
];

for (const [what, change] of OUTSIDE) {
  test(`refuses ${what}, naming the row, and writes nothing`, async (t) => {
    const folder = await testFolder(t);
    const rows = [ROW, { ...ROW, ...change } as RejectRow];
    await assert.rejects(writeRejects(nodeFiles, join(folder, 'r.parquet'), rows), {
      code: 'ERR_INVARIANT',
      message: /rejects table, row 1: /,
    });
    assert.deepEqual(await readdir(folder), []);
  });
}

test('a table is the same bytes however its rows came; what fills a row group is written at once, and goes when it is given up', async (t) => {
  const folder = await testFolder(t);
  const rows = Array.from({ length: 16_386 }, (_, seq): RejectRow => ({ ...ROW, seq, seqIndex: seq % 3 }));
  const writer = openRejectsWriter(nodeFiles, join(folder, 'r.parquet'));
  for (let at = 0; at < rows.length; at += 1000) await writer.write(rows.slice(at, at + 1000));
  assert.deepEqual(await readdir(folder), ['r.parquet.tmp']);
  assert.equal(
    (await writer.finish())?.sha256,
    '0d3534cabb4cddb4d5c6a3c50bc2a71eab9d2d5c834db1109c86582db2cdaf77',
  );
  const given = openRejectsWriter(nodeFiles, join(folder, 'r2.parquet'));
  await given.write(rows);
  await given.abort();
  assert.deepEqual(await readdir(folder), ['r.parquet']);
});

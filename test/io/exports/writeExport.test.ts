import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { buildRows } from '../../../src/arrow/build.js';
import type { Column } from '../../../src/arrow/columnType.js';
import { type ExportOptions, writeExport } from '../../../src/io/exports/writeExport.js';
import { nodeFiles } from '../../../src/io/files/files.js';
import type { FileRecord } from '../../../src/io/runFolder/manifest.js';
import { openShardWriter } from '../../../src/io/parquet/shardWriter.js';
import { exportSchema } from '../../../src/io/exports/registry.js';
import { encoderHere } from '../../helpers/files/encoderHere.js';
import { testFolder, watchedFiles } from '../../helpers/files/testFolder.js';

const COLUMNS: Column[] = [
  { name: 'question', type: 'string', help: '' },
  { name: 'response', type: 'string', help: '' },
  { name: 'responses', type: 'list<string>', help: '' },
  { name: 'rewards', type: 'list<float64>', help: '' },
];

/** Two shards, of three rows and of one; the second row has no pair. */
async function runOf(t: TestContext): Promise<{ run: string; shards: FileRecord[] }> {
  const run = await testFolder(t);
  const { schema } = buildRows(COLUMNS, [[], [], [], []], 0);
  const options = { schema, metadata: {}, rowGroupRows: 2, zstdLevel: 3 };
  const writer = openShardWriter(nodeFiles, options, encoderHere);
  const shards: FileRecord[] = [];
  for (const seqs of [[0, 1, 2], [3]]) {
    const file = `shard-${shards.length}.parquet`;
    await writer.open(join(run, file));
    const values = [
      seqs.map((seq) => `q${seq} 😀`),
      seqs.map((seq) => `r${seq}`),
      seqs.map((seq) => [`a${seq}`, `b${seq}`]),
      seqs.map((seq) => (seq === 1 ? [0.5, 0.5] : [0.1, 0.9])),
    ];
    await writer.write(buildRows(COLUMNS, values, seqs.length));
    shards.push({ file, ...(await writer.finish()) });
  }
  await writer.close();
  return { run, shards };
}

function optionsOf(run: string, shards: FileRecord[], config: object): ExportOptions {
  return {
    run,
    shards,
    config: exportSchema.parse(config),
    folder: join(run, 'exports', 'set'),
  };
}

async function rowsIn(folder: string): Promise<object[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.parquet')).sort();
  const rows: object[] = [];
  for (const name of names) {
    const bytes = await readFile(join(folder, name));
    const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer;
    rows.push(...(await parquetReadObjects({ file, compressors })));
  }
  return rows;
}

test('messages: a list of role and content, a file a shard, and nothing else in the folder', async (t) => {
  const { run, shards } = await runOf(t);
  const options = optionsOf(run, shards, { format: 'messages' });
  assert.deepEqual(await writeExport(nodeFiles, options), { rows: 4, leftOut: 0 });
  assert.deepEqual(await readdir(options.folder), ['train-00000.parquet', 'train-00001.parquet']);
  assert.deepEqual(await readdir(join(run, 'exports')), ['set', 'set.json']);
  assert.deepEqual(
    await rowsIn(options.folder),
    [0, 1, 2, 3].map((seq) => ({
      messages: [
        { role: 'user', content: `q${seq} 😀` },
        { role: 'assistant', content: `r${seq}` },
      ],
    })),
  );
});

test('preference: the row without a pair is left out and counted', async (t) => {
  const { run, shards } = await runOf(t);
  const options = optionsOf(run, shards, { format: 'preference' });
  assert.deepEqual(await writeExport(nodeFiles, options), { rows: 3, leftOut: 1 });
  assert.deepEqual((await rowsIn(options.folder))[1], { prompt: 'q2 😀', chosen: 'b2', rejected: 'a2' });
});

test('as messages, prompts and replies are lists of turns', async (t) => {
  const { run, shards } = await runOf(t);
  const user = (seq: number): object => ({ role: 'user', content: `q${seq} 😀` });
  const assistant = (content: string): object => ({ role: 'assistant', content });
  const completion = optionsOf(run, shards, { format: 'promptCompletion', asMessages: true, system: 's' });
  await writeExport(nodeFiles, completion);
  assert.deepEqual((await rowsIn(completion.folder))[3], {
    prompt: [{ role: 'system', content: 's' }, user(3)],
    completion: [assistant('r3')],
  });
  const preference = optionsOf(run, shards, { format: 'preference', asMessages: true });
  await writeExport(nodeFiles, preference);
  assert.deepEqual((await rowsIn(preference.folder))[1], {
    prompt: [user(2)],
    chosen: [assistant('b2')],
    rejected: [assistant('a2')],
  });
});

test('the same again writes nothing; another form replaces the files; a stranger’s file stays', async (t) => {
  const { run, shards } = await runOf(t);
  const messages = optionsOf(run, shards, { format: 'messages' });
  await writeExport(nodeFiles, messages);
  const { files, calls } = watchedFiles();
  assert.deepEqual(await writeExport(files, messages), { rows: 4, leftOut: 0 });
  assert.deepEqual(
    calls.filter((call) => !/^(open|close) /.test(call)),
    [],
  );
  await writeExport(nodeFiles, optionsOf(run, shards.slice(0, 1), { format: 'queryResponse' }));
  assert.deepEqual(await readdir(messages.folder), ['train-00000.parquet']);
  await writeFile(join(messages.folder, 'thesis.tex'), 'dear');
  await assert.rejects(writeExport(nodeFiles, messages), { code: 'ERR_RUN_FOLDER', message: /thesis\.tex/ });
});

test('a disk that fills up leaves no half file, and the next start writes all', async (t) => {
  const { run, shards } = await runOf(t);
  const options = optionsOf(run, shards, { format: 'messages' });
  const { files } = watchedFiles((call) => (call.startsWith('write set.train-00001') ? 'ENOSPC' : null));
  await assert.rejects(writeExport(files, options), { code: 'ERR_IO_WRITE', message: /disk is full/ });
  assert.deepEqual(await readdir(join(run, 'exports')), ['set']);
  // As a kill leaves it.
  await writeFile(join(run, 'exports', 'set.train-00001.parquet.tmp'), 'half');
  await writeExport(nodeFiles, options);
  assert.deepEqual(await readdir(join(run, 'exports')), ['set', 'set.json']);
  assert.equal((await rowsIn(options.folder)).length, 4);
  const hash = async (): Promise<string> =>
    createHash('sha256')
      .update(await readFile(join(options.folder, 'train-00001.parquet')))
      .digest('hex');
  const first = await hash();
  await rm(join(run, 'exports', 'set.json'));
  await writeExport(nodeFiles, options);
  assert.equal(await hash(), first);
});

test('a damaged export, or a damaged record of it, is written again; what older versions left is removed', async (t) => {
  const { run, shards } = await runOf(t);
  const options = optionsOf(run, shards, { format: 'messages' });
  await writeExport(nodeFiles, options);
  const [file, record] = [join(options.folder, 'train-00001.parquet'), join(run, 'exports', 'set.json')];
  for (const path of [file, record]) {
    const whole = await readFile(path);
    for (let at = 0; at < whole.length; at += 97) {
      const changed = Buffer.from(whole);
      changed[at]! ^= 1 << (at % 8);
      await writeFile(path, changed);
      await writeExport(nodeFiles, options);
      assert.deepEqual(await readFile(path), whole, `${path}, byte ${at}`);
    }
  }
  await rm(record);
  for (const name of ['README.md', 'export.json']) await writeFile(join(options.folder, name), '{}');
  await writeExport(nodeFiles, options);
  assert.deepEqual(await readdir(options.folder), ['train-00000.parquet', 'train-00001.parquet']);
});

test('JSON lines of the same rows, in a folder without anything else', async (t) => {
  const { run, shards } = await runOf(t);
  for (const format of [
    'queryResponse',
    'messages',
    'promptCompletion',
    'preference',
    'shareGpt',
    'alpaca',
  ]) {
    const asParquet = optionsOf(run, shards, { format });
    await writeExport(nodeFiles, asParquet);
    const rows = await rowsIn(asParquet.folder);
    const written = await writeExport(nodeFiles, optionsOf(run, shards, { format, fileType: 'jsonl' }));
    const names = await readdir(asParquet.folder);
    assert.deepEqual(names, ['train-00000.jsonl', 'train-00001.jsonl']);
    const texts = await Promise.all(names.map((name) => readFile(join(asParquet.folder, name), 'utf8')));
    const lines = texts.join('').trim().split('\n');
    assert.deepEqual(
      lines.map((line) => JSON.parse(line) as object),
      rows,
    );
    assert.equal(lines.length, written.rows);
  }
});

test('a thought as a field of messages: null where a message has none', async (t) => {
  const { run, shards } = await runOf(t);
  const options = optionsOf(run, shards, { format: 'messages', reasoning: 'field', response: 'question' });
  await writeExport(nodeFiles, options);
  assert.deepEqual((await rowsIn(options.folder))[3], {
    messages: [
      { role: 'user', content: 'q3 😀', reasoning_content: null },
      { role: 'assistant', content: 'q3 😀', reasoning_content: null },
    ],
  });
});

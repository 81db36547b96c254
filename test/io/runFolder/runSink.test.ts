import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { buildRows } from '../../../src/arrow/build.js';
import { SEQ_COLUMN } from '../../../src/arrow/columnType.js';
import type { Column } from '../../../src/arrow/columnType.js';
import { type Files, nodeFiles } from '../../../src/io/files/files.js';
import { readParquetBlocks } from '../../../src/io/parquet/readParquet.js';
import {
  committedShards,
  committedStateOf,
  isComplete,
  resumeOf,
  totalsOf,
} from '../../../src/io/runFolder/commits.js';
import { readManifest } from '../../../src/io/runFolder/manifest.js';
import { type RunFolder, openRunFolder } from '../../../src/io/runFolder/runFolder.js';
import { type RunCommit, openRunSink } from '../../../src/io/runFolder/runSink.js';
import { collect } from '../../helpers/texts/chunks.js';
import { encoderHere } from '../../helpers/files/encoderHere.js';
import { testFolder, watchedFiles } from '../../helpers/files/testFolder.js';

const RUN = { kind: 'run', version: 1, identity: 'a', name: 'tiny', seed: 7, parts: {} } as const;
const TEXT: Column = { name: 'text', type: 'string', help: '' };
const OPTIONS = { columns: [TEXT], metadata: {}, rowGroupRows: 8, zstdLevel: 1, startEncoder: encoderHere };
const NOTHING: RunCommit = { next: 0, kept: 0, counts: {}, done: false };

function rowsOf(...texts: string[]) {
  return buildRows([SEQ_COLUMN, TEXT], [texts.map((_, at) => at), texts], texts.length);
}

async function openSink(t: TestContext, path: string, files: Files = nodeFiles) {
  const folder = await openRunFolder(nodeFiles, path, RUN);
  const sink = openRunSink(files, folder, OPTIONS);
  t.after(async () => {
    await sink.close();
    await folder.manifest.close();
  });
  return { folder, sink };
}

async function textsIn({ path, manifest }: RunFolder): Promise<unknown[]> {
  const texts: unknown[] = [];
  const paths = committedShards(path, manifest.content.commits);
  for await (const { values } of readParquetBlocks(nodeFiles, { paths, columns: [TEXT] }))
    texts.push(...values[0]!);
  return texts;
}

test('a commit is a shard of the wanted columns, a table of lost rows, a state, and a line that names them', async (t) => {
  const { folder, sink } = await openSink(t, join(await testFolder(t), 'run'));
  await sink.append(rowsOf('a', 'b'));
  await sink.append(rowsOf());
  await sink.append(rowsOf('c'));
  const lost = {
    step: 'filter',
    reason: 'short',
    kind: 'dropped',
    message: '',
    question: null,
    reply: null,
  } as const;
  await sink.appendEvents({ lost: [{ seq: 3, seqIndex: 0, ...lost }], deltas: [] });
  await sink.appendEvents({ lost: [], deltas: [{ seq: 4, step: 'deduplicate', value: 'seen' }] });
  await sink.commit({ ...NOTHING, next: 5, kept: 3, counts: { 'filter dropped short': 1 } });
  await sink.append(rowsOf('d'));
  await sink.commit({ ...NOTHING, next: 6, kept: 4, counts: { 'filter dropped short': 2 }, done: true });

  assert.deepEqual(await textsIn(folder), ['a', 'b', 'c', 'd']);
  const { commits } = await readManifest(nodeFiles, join(folder.path, 'manifest.jsonl'));
  assert.deepEqual(
    commits.map(({ index, shard, rejects, state }) => [index, shard?.rows, rejects?.rows, state?.rows]),
    [
      [0, 3, 1, 1],
      [1, 1, undefined, undefined],
    ],
  );
  for (const { shard } of commits) assert.ok(existsSync(join(folder.path, shard!.file)));
  assert.equal(isComplete(folder), true);
  assert.deepEqual(totalsOf(folder), { positions: 6, kept: 4, counts: { 'filter dropped short': 3 } });
  assert.deepEqual(resumeOf(folder), { from: 6, kept: 4 });
  const valuesOf = async (step: string): Promise<unknown[]> =>
    (await collect(committedStateOf(nodeFiles, folder, step).read(0, 6))).flat();
  assert.deepEqual([await valuesOf('deduplicate'), await valuesOf('filter')], [['seen'], []]);
});

test('a commit of no kept row has no shard', async (t) => {
  const { folder, sink } = await openSink(t, join(await testFolder(t), 'run'));
  await sink.commit({ ...NOTHING, next: 9 });
  assert.equal(folder.manifest.content.commits[0]!.shard, null);
  assert.equal(isComplete(folder), false);
});

test('a shard that cannot be made durable is not committed', async (t) => {
  const { files } = watchedFiles((call) => (call === 'syncFolder shards' ? 'EIO' : null));
  const { folder, sink } = await openSink(t, join(await testFolder(t), 'run'), files);
  await sink.append(rowsOf('a'));
  await assert.rejects(sink.commit({ ...NOTHING, next: 1, kept: 1 }), { code: 'ERR_IO_WRITE' });
  assert.deepEqual(folder.manifest.content.commits, []);
});

test('the files of a commit are whole before the manifest names them', async (t) => {
  const { files, calls } = watchedFiles();
  const path = join(await testFolder(t), 'run');
  const folder = await openRunFolder(files, path, RUN);
  const sink = openRunSink(files, folder, OPTIONS);
  await sink.append(rowsOf('a'));
  await sink.appendEvents({ lost: [], deltas: [{ seq: 0, step: 'deduplicate', value: 1 }] });
  await sink.commit({ ...NOTHING, next: 1, kept: 1 });
  assert.deepEqual(calls.slice(calls.indexOf('rename shard-00000.parquet')), [
    'rename shard-00000.parquet',
    'syncFolder shards',
    'open state-00000.bin.tmp',
    'write state-00000.bin.tmp',
    'sync state-00000.bin.tmp',
    'close state-00000.bin.tmp',
    'rename state-00000.bin',
    'syncFolder state',
    'write manifest.jsonl',
    'sync manifest.jsonl',
  ]);
  await sink.close();
  await folder.manifest.close();
});

test('closing drops what is not committed', async (t) => {
  const path = join(await testFolder(t), 'run');
  const { folder, sink } = await openSink(t, path);
  await sink.append(rowsOf('a'));
  await sink.close();
  assert.deepEqual(folder.manifest.content.commits, []);
  await folder.manifest.close();
  const { removed, manifest } = await openRunFolder(nodeFiles, path, RUN);
  assert.deepEqual(removed, []);
  await manifest.close();
});

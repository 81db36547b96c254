import assert from 'node:assert/strict';
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { seqBatch } from '../../../src/arrow/columns.js';
import { nodeFiles } from '../../../src/io/files/files.js';
import type { CommitRecord, RunRecord } from '../../../src/io/runFolder/manifest.js';
import { committedShards } from '../../../src/io/runFolder/commits.js';
import { openRunFolder } from '../../../src/io/runFolder/runFolder.js';
import { rejectsFile, shardFile, stateFile } from '../../../src/io/runFolder/runPaths.js';
import { openShardWriter } from '../../../src/io/parquet/shardWriter.js';
import { writeRejects } from '../../helpers/files/commitFiles.js';
import { encoderHere } from '../../helpers/files/encoderHere.js';
import { testFolder } from '../../helpers/files/testFolder.js';

const RUN: RunRecord = {
  kind: 'run',
  version: 1,
  identity: 'abc',
  name: 'tiny',
  seed: 7,
  parts: { seed: '7' },
};

async function commitOne(path: string): Promise<CommitRecord> {
  const folder = await openRunFolder(nodeFiles, path, RUN);
  const options = { schema: seqBatch(0, 0).schema, metadata: {}, rowGroupRows: 10, zstdLevel: 1 };
  const writer = openShardWriter(nodeFiles, options, encoderHere);
  await writer.open(join(path, shardFile(0)));
  await writer.write(seqBatch(0, 5));
  const shard = { file: shardFile(0), ...(await writer.finish()) };
  await writer.close();
  const lost = {
    seq: 5,
    seqIndex: 0,
    step: 's',
    reason: 'r',
    kind: 'dropped',
    message: '',
    question: null,
    reply: null,
  } as const;
  const rejects = {
    file: rejectsFile(0),
    ...(await writeRejects(nodeFiles, join(path, rejectsFile(0)), [lost]))!,
  };
  const commit: CommitRecord = {
    kind: 'commit',
    index: 0,
    next: 6,
    kept: 5,
    shard,
    rejects,
    state: null,
    counts: {},
    done: false,
  };
  await folder.manifest.append(commit);
  await folder.manifest.close();
  return commit;
}

test('makes the folder, goes on with its run, and removes what was never committed', async (t) => {
  const path = join(await testFolder(t), 'runs', 'tiny');
  const commit = await commitOne(path);
  for (const file of [shardFile(1), `${shardFile(2)}.tmp`, rejectsFile(1), stateFile(1)])
    await writeFile(join(path, file), 'x');
  const folder = await openRunFolder(nodeFiles, path, RUN);
  assert.deepEqual(folder.manifest.content.commits, [commit]);
  assert.deepEqual(folder.removed, [
    'shards/shard-00001.parquet',
    'shards/shard-00002.parquet.tmp',
    'rejects/rejects-00001.parquet',
    'state/state-00001.bin',
  ]);
  assert.deepEqual(await readdir(join(path, 'shards')), ['shard-00000.parquet']);
  assert.deepEqual(committedShards(path, [commit]), [join(path, 'shards/shard-00000.parquet')]);
  await folder.manifest.close();
});

test('goes on where a crash came before the manifest', async (t) => {
  const path = await testFolder(t);
  await mkdir(join(path, 'shards'));
  await writeFile(join(path, 'manifest.jsonl.tmp'), '{');
  const folder = await openRunFolder(nodeFiles, path, RUN);
  await folder.manifest.close();
  assert.deepEqual((await readdir(path)).sort(), ['manifest.jsonl', 'rejects', 'shards', 'state']);
});

test('refuses a folder of something else, and leaves it alone', async (t) => {
  const path = await testFolder(t);
  await writeFile(join(path, 'thesis.tex'), 'dear');
  await assert.rejects(openRunFolder(nodeFiles, path, RUN), {
    code: 'ERR_RUN_FOLDER',
    message: /it holds "thesis\.tex" but no manifest\.jsonl, expected a new or empty folder/,
  });
  assert.deepEqual(await readdir(path), ['thesis.tex']);
  await assert.rejects(
    openRunFolder(nodeFiles, join(path, 'thesis.tex'), RUN),
    /it is a file, expected a folder/,
  );
});

test('refuses a run of another pipeline', async (t) => {
  const path = await testFolder(t);
  await commitOne(path);
  await assert.rejects(
    openRunFolder(nodeFiles, path, { ...RUN, identity: 'xyz', seed: 8, parts: { seed: '8', new: '1' } }),
    {
      code: 'ERR_RUN_FOLDER',
      message:
        /it holds a run of tiny that decides its rows otherwise:\n {2}seed: 7, now 8\n {2}new: \(absent\), now 1\n.*--fresh/,
    },
  );
});

test('refuses a folder where a committed shard is missing or cut, or a stranger lies among the shards', async (t) => {
  const path = await testFolder(t);
  await commitOne(path);
  await writeFile(join(path, 'shards', 'mine.parquet'), '');
  await assert.rejects(openRunFolder(nodeFiles, path, RUN), {
    code: 'ERR_RUN_FOLDER',
    message: /shards holds "mine\.parquet"/,
  });
  await writeFile(join(path, shardFile(0)), 'cut');
  await assert.rejects(openRunFolder(nodeFiles, path, RUN), {
    code: 'ERR_DATA_INVALID',
    message: /shard-00000\.parquet: found 3 bytes, expected the \d+ bytes that were committed/,
  });
});

test('refuses a folder where a bit of a committed file has changed, and names the file', async (t) => {
  const path = await testFolder(t);
  const { shard, rejects } = await commitOne(path);
  for (const { file, bytes } of [shard!, rejects!]) {
    const whole = await readFile(join(path, file));
    for (const at of [0, bytes >> 1, bytes - 1]) {
      const changed = Buffer.from(whole);
      changed[at]! ^= 1;
      await writeFile(join(path, file), changed);
      await assert.rejects(openRunFolder(nodeFiles, path, RUN), (error: Error) => {
        assert.match(
          error.message,
          /found other bytes than those that were committed.*Restore.*scalequest verify/s,
        );
        return error.message.startsWith(join(path, file));
      });
    }
    await writeFile(join(path, file), whole);
  }
  await (await openRunFolder(nodeFiles, path, RUN)).manifest.close();
});

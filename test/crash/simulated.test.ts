import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CommitRecord } from '../../src/io/runFolder/manifest.js';
import { cases } from '../helpers/texts/cases.js';
import { crashingFiles } from '../helpers/files/crashingFiles.js';
import { crashEverywhere, crashWithOtherReplies } from './simulated.js';
import {
  FIRST_KNOBS,
  PIPELINES,
  type PipelineName,
  dataOf,
  drawKnobs,
  planOf,
  runOn,
  textOf,
} from './simulatedWorld.js';

/** The short version of `npm run test:crash -- --part=simulated`. */

const STRIDE = cases(40, 16);

for (const pipeline of Object.keys(PIPELINES) as PipelineName[]) {
  test(`${pipeline}: a kill or a power cut at a call to the file system, and another: the unbroken run's bytes`, async () => {
    const { calls, kills, powerCuts, again, commits } = await crashEverywhere({
      pipeline,
      seed: 5,
      stride: STRIDE,
    });
    assert.ok(kills >= Math.floor(calls / STRIDE) && powerCuts === kills && again > 0 && commits >= 3);
  });
}

test('a server that answers otherwise after a crash: no row lost or doubled, what was committed stays', async () => {
  const { crashes } = await crashWithOtherReplies({ pipeline: 'several', seed: 5, stride: cases(30, 12) });
  assert.ok(crashes > 5, `${crashes}`);
});

test('where few rows are kept, commits come by source positions: they move the run on, with a state and without a shard', async () => {
  const files = crashingFiles();
  await runOn(files, await planOf('rare'), FIRST_KNOBS);
  const [, ...lines] = textOf(files, 'manifest.jsonl').trim().split('\n');
  const commits = lines.map((line) => JSON.parse(line) as CommitRecord);
  assert.ok(commits.every(({ next }, at) => next - (commits[at - 1]?.next ?? 0) <= 9));
  assert.ok(commits.filter(({ shard, state, done }) => !shard && state && !done).length > 1);
  assert.ok(commits.some(({ shard }) => shard));
});

test('a complete run that is started again asks no model and changes no byte, under any knobs and clock', async () => {
  const plan = await planOf('best');
  const files = crashingFiles();
  await runOn(files, plan, FIRST_KNOBS);
  const before = dataOf(files);
  await runOn(files, plan, { ...drawKnobs(3), repliesSeed: 9 });
  assert.deepEqual(dataOf(files), before);
});

test('a run folder that cannot be written is refused in plain words', async () => {
  const plan = await planOf('best');
  for (const [errno, words] of Object.entries({
    EROFS: 'file system is read-only',
    EACCES: 'permission denied',
  })) {
    const files = crashingFiles(({ kind, path }) =>
      kind === 'open' && path.startsWith('/runs/crash/') ? { kind: 'error', errno } : null,
    );
    await assert.rejects(runOn(files, plan, FIRST_KNOBS), {
      code: 'ERR_IO_WRITE',
      message: new RegExp(`cannot write /runs/crash/run\\.lock \\(${errno}\\): .*${words}.* folder`),
    });
    assert.equal(dataOf(files).size, 0);
  }
});

import assert from 'node:assert/strict';
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { linkFolderOf, runFolderOf } from '../../src/run/runFolders.js';
import { planPipeline } from '../../src/run/plan/planPipeline.js';
import type { Plan } from '../../src/pipeline/plan.js';
import { finishedRun } from '../helpers/runs/finishedRun.js';

interface World {
  plan: Plan;
  /** Of another seed, and so another run. */
  other: Plan;
  /** Path of a folder of runs: 1 for `small`, others for `small-<n>`. */
  at: (number: number) => string;
}

/** The run of `plan` stands in `small-3`, and nothing below it. */
async function worldOf(): Promise<World> {
  const { folder, file, run } = await finishedRun();
  const at = (number: number): string => join(folder, 'runs', number === 1 ? 'small' : `small-${number}`);
  mkdirSync(join(folder, 'runs'));
  renameSync(run, at(3));
  const set = { path: ['output', 'folder'], value: at(1) };
  const plan = await planPipeline(file, { set: [set] }, { env: {} });
  return {
    plan,
    other: await planPipeline(file, { set: [set, { path: ['seed'], value: '9' }] }, { env: {} }),
    at,
  };
}

test('a run is found again behind folders that were removed', async () => {
  const { plan, other, at } = await worldOf();
  assert.equal(await runFolderOf(plan, undefined, false), at(3));
  assert.equal(await linkFolderOf(plan, at(1)), at(3));
  assert.equal(await runFolderOf(other, undefined, false), at(1));
  assert.equal(await linkFolderOf(other, at(1)), at(1));
});

test('fresh ones stand after the newest; another run is refused where the newest is', async () => {
  const { plan, other, at } = await worldOf();
  assert.equal(await runFolderOf(plan, undefined, true), at(4));
  mkdirSync(at(1));
  assert.equal(await runFolderOf(other, undefined, false), at(3));
  assert.equal(await linkFolderOf(other, at(1)), at(1));
  mkdirSync(at(4));
  assert.equal(await runFolderOf(plan, undefined, true), at(5));
  assert.equal(await runFolderOf(plan, at(3), false), at(3));
});

test('neighbours of other names, and runs that cannot be read, are left alone', async () => {
  const { plan, at } = await worldOf();
  for (const end of ['-big', '-03', '-1', '3']) mkdirSync(at(1) + end);
  mkdirSync(at(7));
  writeFileSync(join(at(7), 'manifest.jsonl'), 'torn');
  assert.equal(await runFolderOf(plan, undefined, false), at(3));
  assert.equal(await linkFolderOf(plan, at(1)), at(3));
  rmSync(at(3), { recursive: true });
  assert.equal(await runFolderOf(plan, undefined, false), at(1));
});

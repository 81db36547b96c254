import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readWhole } from '../../../src/io/files/files.js';
import { type CommitRecord, createManifest, readManifest } from '../../../src/io/runFolder/manifest.js';
import { makeRunFolder } from '../../../src/io/runFolder/runFolder.js';
import { holdRunFolder } from '../../../src/io/runFolder/takeOver.js';
import { crashingFiles } from '../../helpers/files/crashingFiles.js';

const PATH = '/run/manifest.jsonl';
const RUN = { kind: 'run', version: 1, identity: 'i', name: 'n', seed: 1, parts: {} } as const;
const COMMIT: CommitRecord = {
  ...{ kind: 'commit', index: 0, next: 5, kept: 2, counts: {}, done: false },
  ...{ shard: null, rejects: null, state: null },
};

const noWait = async (): Promise<void> => {};
const machine = (host: string) => ({ self: { host, pid: 1, bornAt: null }, isAlive: () => true });

async function worldOf() {
  const disk = crashingFiles();
  await makeRunFolder(disk, '/run');
  const older = await holdRunFolder(disk, '/run', noWait, false, machine('there'));
  return { disk, older, manifest: await createManifest(older.files, PATH, RUN) };
}

test('what the older process appends after the take-over comes into no manifest, and it is told so', async () => {
  const { disk, older, manifest } = await worldOf();
  await manifest.append(COMMIT);
  const before = await readWhole(disk, PATH);
  await assert.rejects(holdRunFolder(disk, '/run', noWait, false, machine('here')), {
    code: 'ERR_RUN_FOLDER',
  });
  const newer = await holdRunFolder(disk, '/run', noWait, true, machine('here'));
  assert.deepEqual(await readWhole(disk, PATH), before);
  await assert.rejects(manifest.append({ ...COMMIT, index: 1, next: 9 }), { code: 'ERR_RUN_TAKEN_OVER' });
  assert.deepEqual(await readWhole(disk, PATH), before);
  assert.equal((await readManifest(newer.files, PATH)).commits.length, 1);
  await older.release();
  await newer.assertHeld();
});

test('what the older process had not made whole is removed, so that it can give it no name any more', async () => {
  const { disk, older } = await worldOf();
  const names = [
    'shard-00000.parquet.aaaaaaaa.tmp',
    'README.md.aaaaaaaa.tmp',
    'manifest.jsonl.tmp',
    'mine.tmp',
  ];
  for (const name of names) await (await disk.open(`/run/${name}`, 'write')).close();
  const newer = await holdRunFolder(disk, '/run', noWait, true, machine('here'));
  assert.deepEqual(await disk.readdir('/run'), ['manifest.jsonl', 'mine.tmp', 'run.lock']);
  assert.notEqual(older.files.writer, newer.files.writer);
});

test('a take-over that fails leaves no lock behind', async () => {
  const { disk } = await worldOf();
  const files = {
    ...disk,
    syncFolder: () => Promise.reject(Object.assign(new Error('full'), { code: 'ERR_IO_WRITE' })),
  };
  await assert.rejects(holdRunFolder(files, '/run', noWait, true, machine('here')), { code: 'ERR_IO_WRITE' });
  assert.ok(!(await disk.readdir('/run')).includes('run.lock'));
});

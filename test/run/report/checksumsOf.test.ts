import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { nodeFiles } from '../../../src/io/files/files.js';
import { readManifest } from '../../../src/io/runFolder/manifest.js';
import { checksumsOf } from '../../../src/run/report/checksumsOf.js';
import { finishedRun } from '../../helpers/runs/finishedRun.js';

test('every file of the set is named with what it holds, and nothing that is measured', async () => {
  const { run } = await finishedRun(3, ['exports: { chat: { format: messages, response: question } }']);
  const content = await readManifest(nodeFiles, join(run, 'manifest.jsonl'));
  const manifest = { content, append: async () => {}, close: async () => {} };
  const sums = await checksumsOf(nodeFiles, { path: run, manifest }, ['chat']);
  assert.deepEqual([...sums.keys()].sort(), [
    'README.md',
    'exports/chat.json',
    'exports/chat/train-00000.parquet',
    'manifest.jsonl',
    'pictures/funnel.svg',
    'pictures/reward.svg',
    'pipeline.yaml',
    'report.json',
    'sample.jsonl',
    'shards/shard-00000.parquet',
    'state/state-00000.bin',
  ]);
  const { status, stdout } = spawnSync('sha256sum', ['-c', 'SHA256SUMS'], { cwd: run, encoding: 'utf8' });
  assert.equal(status, 0);
  assert.equal(stdout.trim().split('\n').length, sums.size);
});

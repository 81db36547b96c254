import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { EXIT_CODES } from '../../../src/cli/exitCodes.js';
import type { RunVerification } from '../../../src/run/verify/verifyRun.js';
import { hostCommand } from '../../helpers/commandHost.js';
import { finishedRun, makeRun } from '../../helpers/runs/finishedRun.js';

test('verify: 0 for a folder as it was written, 5 with the names of the files that are not', async () => {
  const { run } = await finishedRun();
  const whole = await hostCommand(['verify', run]);
  assert.equal(whole.code, EXIT_CODES.ok, whole.stderr);
  assert.match(whole.stdout, /complete, 1 commit, 3 rows kept; .*\nEvery file is as it was written\.\n$/);
  for (const name of ['shards/shard-00000.parquet', 'README.md']) {
    const bytes = readFileSync(join(run, name));
    bytes[bytes.length >> 1]! ^= 1;
    writeFileSync(join(run, name), bytes);
  }
  const { code, stdout } = await hostCommand(['verify', run]);
  assert.equal(code, EXIT_CODES.io);
  assert.match(stdout, /^damaged {2}shards\/shard-00000\.parquet: found other bytes/m);
  assert.match(stdout, /^changed {2}README\.md: .*\n +If you edited it, all is well/m);
  const json = await hostCommand(['verify', run, '--json']);
  assert.equal(json.code, EXIT_CODES.io);
  const { findings, files } = JSON.parse(json.stdout) as RunVerification;
  assert.deepEqual(
    findings.map(({ file }) => file),
    ['shards/shard-00000.parquet', 'README.md'],
  );
  assert.ok(files > 5);
});

test('verify: a folder that holds no run', async () => {
  const { folder } = await finishedRun();
  const { code, stderr } = await hostCommand(['verify', folder]);
  assert.equal(code, EXIT_CODES.io);
  assert.match(stderr, /holds no run: found no manifest\.jsonl/);
});

test('verify --replay: the shards follow from the file and the replies, or it says what does not', async () => {
  const { run, file, folder } = await makeRun();
  const same = await hostCommand(['verify', run, '--replay']);
  assert.equal(same.code, EXIT_CODES.ok, same.stderr);
  assert.match(
    same.stdout,
    /replay of .*pipeline\.yaml: 2 files with 3 rows came out byte for byte the same; none differs\.\n$/,
  );
  const json = await hostCommand(['verify', run, '--replay', '--json', '--pipeline', file]);
  assert.equal((JSON.parse(json.stdout) as { replay: { rowsSame: number } }).replay.rowsSame, 3);
  writeFileSync(join(folder, 'in.jsonl'), '{"question":"another","reward":1}\n');
  const other = await hostCommand(['verify', run, '--replay']);
  assert.equal(other.code, EXIT_CODES.io);
  assert.match(other.stderr, /decides its rows otherwise.*files\.jsonl/s);
});

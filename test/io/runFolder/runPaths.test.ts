import assert from 'node:assert/strict';
import { basename } from 'node:path';
import { test } from 'node:test';
import {
  MANIFEST_FILE,
  isCommitFile,
  isCrashRemainder,
  rejectsFile,
  shardFile,
  stateFile,
} from '../../../src/io/runFolder/runPaths.js';

test('files of commits sort by their number, and are known again by their names', () => {
  assert.equal(shardFile(7), 'shards/shard-00007.parquet');
  for (const fileOf of [shardFile, rejectsFile, stateFile]) {
    assert.ok(fileOf(9) < fileOf(10) && fileOf(10) < fileOf(99_999));
    for (const index of [0, 99_999, 123_456]) {
      assert.ok(isCommitFile(basename(fileOf(index))));
      assert.ok(isCommitFile(`${basename(fileOf(index))}.tmp`));
    }
  }
});

test('nothing else is removed as a run’s own', () => {
  for (const name of ['mine.parquet', 'shard-1.parquet', 'my-shard-00001.parquet', 'shard-00001.parquet.bak'])
    assert.equal(isCommitFile(name), false, name);
  for (const name of [MANIFEST_FILE, 'README.md', 'notes.tmp', 'run.lock'])
    assert.equal(isCrashRemainder(name), false, name);
  for (const name of [`${MANIFEST_FILE}.tmp`, 'README.md.tmp', 'run.lock.takeover'])
    assert.equal(isCrashRemainder(name), true, name);
});

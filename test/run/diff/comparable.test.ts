import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settingChanges, whyNotComparable } from '../../../src/run/diff/comparable.js';
import type { CommittedRows } from '../../../src/run/diff/readRun.js';

function runOf(parts: Record<string, string>, seed = 7): CommittedRows {
  const run = { kind: 'run', version: 1, identity: '', name: 'a', seed, parts } as const;
  const nothing = { commits: [], columns: [], steps: [], funnel: [], positions: 0, kept: 0 };
  return { folder: 'a', run, ...nothing, isComplete: true };
}

test('settings that differ are listed with both values, null where one is absent', () => {
  assert.deepEqual(settingChanges(runOf({ x: '1', y: '2' }), runOf({ y: '3', z: '4' })), [
    { path: 'x', a: '1', b: null },
    { path: 'y', a: '2', b: '3' },
    { path: 'z', a: null, b: '4' },
  ]);
});

test('positions are the same rows with one seed, or with one file', () => {
  const file = { 'source.csv.path.0': '"a.csv"', 'files.csv.0': '"text 1"' };
  assert.deepEqual(whyNotComparable(runOf({}), runOf({})), []);
  assert.equal(whyNotComparable(runOf({}), runOf({}, 8)).length, 1);
  assert.deepEqual(whyNotComparable(runOf(file), runOf(file, 8)), []);
  assert.deepEqual(whyNotComparable(runOf(file), runOf({ ...file, 'source.csv.path.0': '"b.csv"' })), []);
  assert.equal(whyNotComparable(runOf(file), runOf({ ...file, 'files.csv.0': '"text 2"' })).length, 1);
  assert.equal(whyNotComparable(runOf(file), runOf({})).length, 1);
  // A model's file is none of the source.
  assert.deepEqual(
    whyNotComparable(runOf({ ...file, 'files.tiny.0': '1' }), runOf({ ...file, 'files.tiny.0': '2' })),
    [],
  );
});

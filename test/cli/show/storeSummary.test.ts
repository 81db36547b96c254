import assert from 'node:assert/strict';
import { test } from 'node:test';
import { printStoreSummary } from '../../../src/cli/show/storeSummary.js';

const EMPTY = {
  replies: 0,
  fileBytes: 2 ** 20,
  freeBytes: 0,
  stepResultBytes: 0,
  runs: [],
  damagedBlocks: 0,
};

test('a line of the store, and one a run with its hit rate', () => {
  const models = { tiny: { hits: 3, misses: 1 } };
  const run = { run: 'quickstart', replies: 7, startedMs: 0, models, replayedRows: 2 };
  const text = printStoreSummary('s', { ...EMPTY, replies: 7, runs: [run] } as never);
  assert.match(text, /^store s: 7 replies in 1\.0 MiB/);
  assert.match(text, /quickstart +1970-01-01T00:00 +7 +4 +75\.0 % +2$/m);
});

test('damage is said, with what to do; a store without runs has no table', () => {
  const text = printStoreSummary('s', { ...EMPTY, damagedBlocks: 2 } as never);
  assert.match(text, /2 blocks cannot be read; --prune-damaged removes them/);
  assert.equal(text.split('\n').length, 2);
});

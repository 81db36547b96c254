import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changed, createFindings, damagedCommit } from '../../../src/run/verify/findings.js';

test('the first finding of a file stays, in the order found', () => {
  const findings = createFindings();
  findings.add(damagedCommit('shards/a', 'first'));
  findings.add(changed('README.md', 'other'));
  findings.add(changed('shards/a', 'second'));
  assert.deepEqual(
    findings.all().map(({ file, problem }) => [file, problem]),
    [
      ['shards/a', 'first'],
      ['README.md', 'other'],
    ],
  );
  assert.ok(findings.has('README.md') && !findings.has('log.jsonl'));
});

test('the advice fits the file', () => {
  assert.match(changed('README.md', '').advice, /If you edited it/);
  assert.match(changed('exports/chat/train-00000.parquet', '').advice, /writes the file anew/);
  assert.match(changed('constructor', '').advice, /writes the file anew/);
  assert.match(damagedCommit('shards/a', '').advice, /Restore it/);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pathAdvice, shownPath } from '../../../src/pipeline/check/pathAdvice.js';

test('each kind of path has its advice, any other none of its own', () => {
  const advice = (path: string): string => pathAdvice(path, 'none');
  assert.match(advice('HTTPS://example.org/a.jsonl'), /fetched/);
  assert.match(advice('ftp://example.org/a.jsonl'), /fetched/);
  for (const path of ['s3://b/k', 'gs://b/k', 'abfss://c@a/k']) assert.match(advice(path), /object storage/);
  assert.match(advice('hf://datasets/o/n'), /hub/);
  assert.match(advice('file:///data/a.jsonl'), /path alone/);
  assert.match(advice('~user/a.jsonl'), /whole path/);
  for (const path of ['a.jsonl', './~/a', '/data/s3', 'a:b.jsonl', 'C:/data/a.jsonl'])
    assert.equal(advice(path), 'none');
});

test('an address is shown as it was written', () => {
  assert.equal(shownPath('s3://b/k', '/work/s3:/b/k'), 's3://b/k');
  assert.equal(shownPath('a.jsonl', '/work/a.jsonl'), '/work/a.jsonl');
});

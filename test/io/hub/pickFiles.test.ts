import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pickFiles } from '../../../src/io/hub/pickFiles.js';

const CONVERTED = [
  'main/train/0001.parquet',
  'main/train/0000.parquet',
  'main/test/0000.parquet',
  'socratic/train/0000.parquet',
  'socratic/partial-test/0000.parquet',
];
const OWN = ['README.md', 'data/b.jsonl', 'data/a.jsonl', 'data/c.csv'];

test('of the files that the hub has made: those of a config and a split, in name order', () => {
  const pick = { dataset: 'me/set', split: 'train', config: 'main' };
  assert.deepEqual(pickFiles(CONVERTED, pick), ['main/train/0000.parquet', 'main/train/0001.parquet']);
  const only = CONVERTED.filter((path) => path.startsWith('main'));
  assert.equal(pickFiles(only, { dataset: 'me/set', split: 'test' }).length, 1);
  assert.equal(
    pickFiles([...only, 'default/train/0.parquet'], { dataset: 'me/set', split: 'train' }).length,
    1,
  );
});

test('of its own files: what paths and patterns name', () => {
  const pick = { dataset: 'me/set', split: 'train', files: 'data/*.jsonl' };
  assert.deepEqual(pickFiles(OWN, pick), ['data/a.jsonl', 'data/b.jsonl']);
  assert.deepEqual(pickFiles(OWN, { ...pick, files: ['data/c.csv'] }), ['data/c.csv']);
});

const NOTHING: [what: string, paths: readonly string[], pick: object, message: RegExp][] = [
  ['several configs', CONVERTED, {}, /found none named of the configs of me\/set.*one of main, socratic/],
  ['no such config', CONVERTED, { config: 'mian' }, /found "mian" of the configs/],
  [
    'no such split',
    CONVERTED,
    { config: 'main', split: 'dev' },
    /no split "dev" in me\/set main, expected one of train, test/,
  ],
  ['a part alone', CONVERTED, { config: 'socratic', split: 'test' }, /only a first part/],
  ['nothing converted', OWN, {}, /no Parquet files that the hub has made/],
  [
    'no such file',
    OWN,
    { files: 'data/*.parquet' },
    /no file data\/\*\.parquet in me\/set, which has README\.md/,
  ],
];

for (const [what, paths, pick, message] of NOTHING)
  test(`${what}: the message says what is there`, () => {
    const given = { dataset: 'me/set', split: 'train', ...pick };
    assert.throws(() => pickFiles(paths, given), { code: 'ERR_DATA_INVALID', message });
  });

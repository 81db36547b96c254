import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { PACKAGE_FOLDER } from '../../../src/io/files/packageFiles.js';
import { SOURCE_FORMATS, namedSources, sourceOptions } from '../../../src/io/sources/registry.js';
import { assertRegistered } from '../../helpers/registered.js';

/** Files of src/io/sources that are no format. */
const OTHERS = [
  ...[
    'csvFiles',
    'fileOptions',
    'format',
    'formatOf',
    'jsonFiles',
    'readTable',
    'readTexts',
    'registry',
    'skippedLines',
  ],
  ...['sourceReader', 'text', 'textRows', 'toBatches'],
];

test('every file of a format has its line in the registry', () => {
  const files = readdirSync(join(PACKAGE_FOLDER, 'src/io/sources')).map((name) => name.replace(/\.ts$/, ''));
  const formats = files.filter((name) => !OTHERS.includes(name));
  assertRegistered('src/io/sources/registry.ts', 'SOURCE_FORMATS', formats, Object.keys(SOURCE_FORMATS));
});

test('formats have endings of their own, so that a file tells its format', () => {
  const extensions = Object.values(SOURCE_FORMATS).flatMap((format) => format.extensions);
  assert.equal(new Set(extensions).size, extensions.length);
  for (const extension of extensions) assert.match(extension, /^\.[a-z]+(\.gz|\.zst)?$/);
});

test('a source names its format by its key; without one it has positions alone', () => {
  const options = sourceOptions.parquet.unwrap().parse({ path: 'a.parquet' });
  const [named, ...others] = namedSources({ parquet: options, jsonl: undefined });
  assert.deepEqual(named!.format.describe(named!.options).paths, ['a.parquet']);
  assert.deepEqual([named!.name, named!.format.extensions[0]], ['parquet', '.parquet']);
  assert.deepEqual(others, []);
  assert.deepEqual(namedSources({}), []);
});

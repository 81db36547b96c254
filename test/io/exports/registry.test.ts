import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { PACKAGE_FOLDER } from '../../../src/io/files/packageFiles.js';
import {
  EXPORT_FORMATS,
  describeExport,
  exportSchema,
  missingColumns,
  openExport,
} from '../../../src/io/exports/registry.js';
import { assertRegistered } from '../../helpers/registered.js';

/** Files of src/io/exports that are no format. */
const OTHERS = [
  'exportRecord',
  'fileType',
  'format',
  'prompts',
  'registry',
  'replies',
  'rowWriter',
  'writeExport',
];

test('every file of a format has its line in the registry', () => {
  const files = readdirSync(join(PACKAGE_FOLDER, 'src/io/exports')).map((name) => name.replace(/\.ts$/, ''));
  const formats = files.filter((name) => !OTHERS.includes(name));
  assertRegistered('src/io/exports/registry.ts', 'EXPORT_FORMATS', formats, Object.keys(EXPORT_FORMATS));
});

test('an entry of `exports` is parsed, described and opened by its format', () => {
  const config = exportSchema.parse({ format: 'queryResponse', question: 'q' });
  assert.deepEqual(config, { format: 'queryResponse', question: 'q', response: 'response' });
  assert.deepEqual(describeExport(config).reads, { q: 'string', response: 'string' });
  assert.deepEqual(openExport(config)({ q: 'Why?', response: 'So.' }), { query: 'Why?', response: 'So.' });
});

test('a format that is not registered is refused', () => {
  assert.throws(() => exportSchema.parse({ format: 'llama' }), /format/);
});

test('columns that the run does not have, or has with another type, are named', () => {
  const columns = [{ name: 'question', type: 'string', help: '' } as const];
  assert.deepEqual(missingColumns(exportSchema.parse({ format: 'preference' }), columns), [
    { name: 'responses', type: 'list<string>' },
    { name: 'rewards', type: 'list<float64>' },
  ]);
  const config = exportSchema.parse({ format: 'queryResponse', response: 'question' });
  assert.deepEqual(missingColumns(config, columns), []);
});

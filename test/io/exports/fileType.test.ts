import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EXPORT_FORMATS, exportSchema } from '../../../src/io/exports/registry.js';

test('every form is written as Parquet or as JSON lines, and as nothing else', () => {
  for (const format of Object.keys(EXPORT_FORMATS)) {
    assert.equal(exportSchema.parse({ format }).fileType, undefined);
    for (const fileType of ['parquet', 'jsonl'])
      assert.equal(exportSchema.parse({ format, fileType }).fileType, fileType);
    assert.equal(exportSchema.safeParse({ format, fileType: 'csv' }).success, false);
  }
});

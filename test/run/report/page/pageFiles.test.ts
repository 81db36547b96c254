import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readPageFiles } from '../../../../src/run/report/page/pageFiles.js';

test('the package has the script, styles that load nothing, and the licences of what it holds', () => {
  const { script, styles, licences } = readPageFiles();
  assert.ok(script.length > 500_000 && script.length < 1_000_000, String(script.length));
  assert.deepEqual(
    [...styles.matchAll(/url\(([^)]{0,20})/g)]
      .map(([, url]) => url)
      .filter((url) => !url!.startsWith('data:font/woff2')),
    [],
  );
  assert.ok(!styles.includes('@import'));
  for (const name of ['Apache License', 'echarts', 'katex', 'zrender'])
    assert.ok(licences.includes(name), name);
});

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { PACKAGE_FOLDER } from '../../../src/io/files/packageFiles.js';
import { OTLP_PACKAGES, packagesMissing } from '../../../src/metrics/otlp/otlpPackages.js';

test('the packages are optional peers, in the ranges that the message names', () => {
  const { peerDependencies, peerDependenciesMeta } = JSON.parse(
    readFileSync(join(PACKAGE_FOLDER, 'package.json'), 'utf8'),
  ) as {
    peerDependencies: Record<string, string>;
    peerDependenciesMeta: Record<string, { optional: boolean }>;
  };
  const { message } = packagesMissing(null);
  for (const [name, range] of Object.entries(OTLP_PACKAGES)) {
    assert.equal(peerDependencies[name], range);
    assert.equal(peerDependenciesMeta[name]?.optional, true);
    assert.ok(message.includes(`${name}@${range}`));
  }
});

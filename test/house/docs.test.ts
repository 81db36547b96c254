import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { PACKAGE_FOLDER } from '../../src/io/files/packageFiles.js';
import { withMetricsTable } from './metricsTable.js';
import { chainJsonSchema } from '../../src/pipeline/chain.js';
import {
  pipelineJsonSchema,
  printPipelineReference,
  printStepsReference,
} from '../../src/pipeline/reference/reference.js';
import { withLayers } from './layers.js';
import { withOperatorExports } from './operatorExports.js';

const operatorSource = (name: string): string =>
  readFileSync(join(PACKAGE_FOLDER, 'src', 'operators', `${name}.ts`), 'utf8');

/** What the code prints for a page; of some pages, a part alone. */
const PRINTED: Record<string, (found: string) => string | Promise<string>> = {
  'docs/architecture.md': withLayers,
  'docs/metrics.md': withMetricsTable,
  'docs/steps.md': printStepsReference,
  'docs/pipeline.md': printPipelineReference,
  'src/index.ts': (found) => withOperatorExports(found, operatorSource),
  'pipelines/chain.schema.json': () => `${JSON.stringify(chainJsonSchema(), null, 2)}\n`,
  'pipelines/schema.json': async () => `${JSON.stringify(await pipelineJsonSchema(), null, 2)}\n`,
};

for (const [path, print] of Object.entries(PRINTED)) {
  test(`${path} is what the code prints; if not: npm run docs`, async () => {
    const page = readFileSync(join(PACKAGE_FOLDER, path), 'utf8');
    const found = page.split('\n');
    const expected = (await print(page)).split('\n');
    // The first line that differs says more than both pages in full.
    const at = expected.findIndex((line, index) => line !== found[index]);
    assert.equal(found[at], expected[at], `${path}:${at + 1}`);
    assert.equal(found.length, expected.length);
  });
}

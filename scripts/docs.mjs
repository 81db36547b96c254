// `npm run docs`: prints the reference pages and the editors' JSON Schema from the code.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withMetricsTable } from '../dist/test/house/metricsTable.js';
import { chainJsonSchema } from '../dist/src/pipeline/chain.js';
import {
  pipelineJsonSchema,
  printPipelineReference,
  printStepsReference,
} from '../dist/src/pipeline/reference/reference.js';
import { withLayers } from '../dist/test/house/layers.js';
import { withOperatorExports } from '../dist/test/house/operatorExports.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
mkdirSync(join(root, 'docs'), { recursive: true });
writeFileSync(join(root, 'docs', 'steps.md'), await printStepsReference());
writeFileSync(join(root, 'docs', 'pipeline.md'), printPipelineReference());
writeFileSync(
  join(root, 'pipelines', 'schema.json'),
  `${JSON.stringify(await pipelineJsonSchema(), null, 2)}\n`,
);
writeFileSync(
  join(root, 'pipelines', 'chain.schema.json'),
  `${JSON.stringify(chainJsonSchema(), null, 2)}\n`,
);
const metrics = join(root, 'docs', 'metrics.md');
writeFileSync(metrics, withMetricsTable(readFileSync(metrics, 'utf8')));
const architecture = join(root, 'docs', 'architecture.md');
writeFileSync(architecture, withLayers(readFileSync(architecture, 'utf8')));
const index = join(root, 'src', 'index.ts');
const operatorSource = (name) => readFileSync(join(root, 'src', 'operators', `${name}.ts`), 'utf8');
writeFileSync(index, withOperatorExports(readFileSync(index, 'utf8'), operatorSource));

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ERROR_CODES } from '../../../src/errors.js';
import { loadOperator } from '../../../src/operators/registry.js';
import {
  exampleFile,
  printOperator,
  printOptions,
  printPipelineReference,
  printStepsReference,
} from '../../../src/pipeline/reference/reference.js';
import { pipelineSchema } from '../../../src/pipeline/schema.js';
import { OPERATORS } from '../../helpers/operators.js';

for (const spec of OPERATORS) {
  test(`the page of ${spec.name} says all that its spec says`, async () => {
    const page = printOperator(spec);
    const parts = [`## ${spec.name}\n\n${spec.summary}`, spec.details ?? '', exampleFile(spec)];
    parts.push(...Object.values(spec.drops), ...Object.values(spec.contract));
    for (const part of parts) assert.ok(page.includes(part.trimEnd()), part);
    assert.ok(!/undefined|\[object/.test(page));
    assert.ok((await printStepsReference()).includes(page));
  });
}

test('a page lists columns, what is asked of models, and reasons', async () => {
  const page = printOperator(await loadOperator('judgeSolvability'));
  assert.match(page, /^- reads: `question` \(`string`\)$/m);
  assert.match(page, /^- writes: `verdict` \(`string`\): The judge’s reply/m);
  assert.match(page, /^- asks a model to: complete$/m);
  assert.match(page, /^- drops as `unsolvable`: /m);
  assert.match(page, /^- holds at most: /m);
});

test('options: types, bounds, defaults, what is required, nested ones with their path', async () => {
  const table = printOptions((await loadOperator('generate')).options);
  assert.match(table, /^\| `generators` \| list of map \| \*\*required\*\* \| One or several/m);
  assert.match(table, /^\| `generators\[\]\.weight` \| number > 0 \| `1` \| Share/m);
  assert.match(table, /^\| `tokensMax` \| whole number ≥ 1 \| `512` \| /m);
  assert.match(
    printOptions((await loadOperator('keepBest')).options),
    /^\| `among` \| `"all"` `"majority"` \| `"all"` \| /m,
  );
  assert.match(printOptions(pipelineSchema), /^\| `source\.windowRows` \| whole number ≥ 1 \| `2048` \| /m);
  assert.match(printOptions(pipelineSchema), /^\| `target` \| whole number ≥ 1 \| – \| End at/m);
});

test('the reference of pipeline files has every kind of model and every error code', () => {
  const page = printPipelineReference();
  for (const kind of ['llamaCpp', 'openai']) assert.ok(page.includes(`### ${kind}\n`), kind);
  for (const [code, meaning] of Object.entries(ERROR_CODES))
    assert.ok(page.includes(`| \`${code}\` | ${meaning} |`), code);
});

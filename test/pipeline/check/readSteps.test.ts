import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { GENERATE, testsOf, withSteps } from '../../helpers/texts/checkCases.js';
import { problemsOf } from '../../helpers/runs/pipelineWorld.js';

for (const [name, check] of testsOf([
  [
    'unknown operator',
    withSteps(GENERATE, 'dedupliate: {}'),
    [
      'ERR_PIPELINE_INVALID',
      '6:5',
      'steps.1.dedupliate',
      /no operator is called "dedupliate"; did you mean "deduplicate"\?/,
    ],
  ],
  [
    'unknown operator, near to none',
    withSteps('xyzzy: {}'),
    ['ERR_PIPELINE_INVALID', '5:5', 'steps.0.xyzzy', /expected one of: generate, .*custom$/],
  ],
  [
    'two operators in a step',
    withSteps(`{ ${GENERATE}, deduplicate: {} }`),
    ['ERR_PIPELINE_INVALID', '5:5', 'steps.0', /found 2 operators \(generate, deduplicate\) in one step/],
  ],
  [
    'no operator in a step',
    withSteps('{ label: first }'),
    [
      'ERR_PIPELINE_INVALID',
      '5:5',
      'steps.0',
      /found no operator in one step, expected exactly one of: generate/,
    ],
  ],
  [
    'a step that is a word',
    withSteps('generating'),
    ['ERR_PIPELINE_INVALID', '5:5', 'steps.0', /found no operator in one step/],
  ],
  [
    'a step that is the name of an operator',
    withSteps('generate'),
    ['ERR_PIPELINE_INVALID', '5:5', 'steps.0', /the name generate alone, .* write `- generate: \{\}`$/],
  ],
  [
    'a label with a space',
    withSteps(`{ ${GENERATE}, label: two words }`),
    ['ERR_PIPELINE_INVALID', '5:59', 'steps.0.label', /expected letters, digits and hyphens/],
  ],
  [
    'duplicate labels',
    withSteps(GENERATE, 'deduplicate: {}', 'deduplicate: { similarityMin: null }'),
    ['ERR_PIPELINE_INVALID', '7:5', 'steps.2', /a step before it is called "deduplicate" too; .*`label`/],
  ],
  [
    'an operator file that is missing',
    withSteps(GENERATE, 'custom: { path: ./nowhere.mjs }'),
    ['ERR_OPERATOR_LOAD', '6:21', 'steps.1.custom.path', /nowhere\.mjs cannot be imported/],
  ],
  [
    'a package, whose operators are steps of their own',
    withSteps(GENERATE, 'custom: { path: no-such-package }'),
    ['ERR_OPERATOR_LOAD', '6:21', 'steps.1.custom.path', /found no path of a file.*name it in `operators`/],
  ],
]))
  test(name, check);

test('an operator file with an unfit export says what was expected', async () => {
  const path = join(mkdtempSync(join(tmpdir(), 'scalequest-')), 'unfit.mjs');
  writeFileSync(path, 'export default { row: 3 };\n');
  const [found] = await problemsOf(withSteps(GENERATE, `custom: { path: ${JSON.stringify(path)} }`));
  assert.equal(found!.code, 'ERR_OPERATOR_LOAD');
  assert.match(
    found!.message,
    /default export of .* is unfit at row: .*Expected \{ reads, writes, drops, row \}/,
  );
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BatchOperator } from '../../../src/flow/batch.js';
import { keep, drop } from '../../../src/flow/steps/outcome.js';
import { mapRows } from '../../../src/flow/steps/mapRows.js';
import { scanRows } from '../../../src/flow/steps/scanRows.js';
import { OPERATORS } from '../../helpers/operators.js';
import { OPERATOR_CASES, specOf } from '../../helpers/operatorCases.js';
import { contextOf, questionsInput, runOperator } from '../../helpers/runs/runOperator.js';
import { scriptedModel } from '../../helpers/scriptedModel.js';

/** What the compiler cannot see, in a pipe without types, is found when the first batch comes. */

const WORDS = { name: 'words', type: 'int32', help: 'Words.' } as const;

test('a column that no step writes: its name, the step, the columns found, what to do', async () => {
  const misspelt: BatchOperator = mapRows(
    { step: 'count', reads: { qestion: 'string' }, writes: [WORDS] },
    ({ qestion }) => keep({ words: qestion.trim().length }),
  );
  await assert.rejects(runOperator(misspelt, questionsInput(['a'])), {
    code: 'ERR_PIPELINE_COLUMN',
    message:
      'count reads the column "qestion" (string), found it in no batch that reaches it; the columns are: seq, question. ' +
      'Put a step before it that writes "qestion", or correct the name.',
  });
});

test('a column of another type', async () => {
  const wrong: BatchOperator = mapRows(
    { step: 'count', reads: { question: 'list<string>' }, writes: [] },
    ({ question }) => (question.every((text) => text === '') ? drop('empty') : keep({})),
  );
  await assert.rejects(runOperator(wrong, questionsInput(['a'])), {
    code: 'ERR_PIPELINE_COLUMN',
    message: /count reads the column "question" \(list<string>\), found it of type string/,
  });
});

test('a step with state asks for its columns too, and even of a batch without rows', async () => {
  const stateful: BatchOperator = scanRows(
    { step: 'first', reads: { topic: 'string' }, writes: [] },
    { init: () => 0, decide: () => ({ outcome: drop('none') }), apply: () => {} },
  );
  const none = mapRows({ step: 'none', reads: {}, writes: [] }, () => drop('none'));
  await assert.rejects(
    runOperator((source) => stateful(none(source)), questionsInput(['a'])),
    { code: 'ERR_PIPELINE_COLUMN' },
  );
});

test('an optional column may be missing; then the row has no such property', async () => {
  const shape = { step: 'see', reads: { hint: 'string' }, optional: ['hint'], writes: [WORDS] } as const;
  const see: BatchOperator = mapRows(shape, (row) => keep({ words: 'hint' in row ? 1 : 0 }));
  const { rows } = await runOperator(see, questionsInput(['a']));
  assert.equal(rows[0]!['words'], 0);
});

for (const { name } of OPERATORS) {
  const { options, context, input } = OPERATOR_CASES[name]!;
  const columns = Object.keys(input.columns);

  test(`${name} without its columns is ERR_PIPELINE_COLUMN, never a TypeError`, async () => {
    const { operator, reads, options: schema } = await specOf(name);
    if (Object.keys(reads(schema.parse(options))).length === 0) return;
    const models = [scriptedModel({}, 'tiny'), scriptedModel({}, 'other')];
    const bare = { columns: { none: 'string' as const }, rows: [{ none: 'a' }] };
    assert.ok(!columns.includes('none'));
    const running = runOperator(operator(options, contextOf(models, context)), bare);
    await assert.rejects(running, { code: 'ERR_PIPELINE_COLUMN' });
  });
}

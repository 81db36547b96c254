import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { columnValues } from '../../src/arrow/read.js';
import { checkFile } from '../../src/pipeline/check/check.js';
import { temporaryFolder } from '../helpers/commandLine.js';
import { PIPELINES_FOLDER, checkDeps, runInMemory } from '../helpers/runs/pipelineWorld.js';
import { messageText, scriptedModel } from '../helpers/scriptedModel.js';

const FACT = 'The bridge over the Esk was opened in 1871, and “Old Ned” was its first keeper.';
const DOCUMENT = `${FACT}\n${'It stood for many years beside the mill. '.repeat(6)}`;

/** One sound answer with other quotation marks and spaces than the document has, and one that makes its quote up. */
const ANSWERS = [
  'In 1871: <quote>The bridge over the Esk was opened in 1871,\n and "Old Ned" was its first keeper.</quote>',
  'In 1872: <quote>The bridge over the Esk was opened in 1872</quote>',
  'In 1871, I think.',
  '<quote>in 1871</quote>',
];

const judge = scriptedModel(
  {
    complete: () => [
      '{"grounded": {"reason": "r", "score": 5}, "answers": {"reason": "r", "score": "fully"}}',
    ],
  },
  'judge',
);

async function run(answers: readonly string[]) {
  const path = join(temporaryFolder(), 'documents.jsonl');
  writeFileSync(
    path,
    `${JSON.stringify({ document: DOCUMENT })}\n${JSON.stringify({ document: 'Too short.' })}\n`,
  );
  const writer = scriptedModel(
    {
      complete: (request) =>
        messageText(request).includes('Question:') ? [...answers] : ['When was it opened?'],
    },
    'writer',
  );
  const plan = await checkFile(
    join(PIPELINES_FOLDER, 'grounded.yaml'),
    checkDeps(undefined, { env: { DOCUMENTS: path } }),
  );
  return { writer, ...(await runInMemory(plan, { writer, judge })) };
}

test('grounded.yaml: answers are kept whose quotes stand in the document, and lost for a reason', async () => {
  const { writer, totals, batches } = await run(ANSWERS);
  assert.deepEqual(
    batches.flatMap((rows) => columnValues(rows, 'quotes')),
    [['The bridge over the Esk was opened in 1871,\n and "Old Ned" was its first keeper.']],
  );
  assert.deepEqual(
    ['filterText dropped tooShort', 'checkQuotes dropped misquoted', 'checkQuotes dropped noQuotes'].map(
      (key) => totals.counts[key],
    ),
    [1, 1, 2],
  );
  const [question, answer] = writer.completes.map(messageText);
  assert.match(question!, /It asks for a \w+/);
  assert.ok(question!.includes(DOCUMENT) && answer!.includes('Question: When was it opened?'));
});

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { columnValues } from '../../src/arrow/read.js';
import { checkFile } from '../../src/pipeline/check/check.js';
import { openExport } from '../../src/io/exports/registry.js';
import { temporaryFolder } from '../helpers/commandLine.js';
import { PIPELINES_FOLDER, checkDeps, runInMemory } from '../helpers/runs/pipelineWorld.js';
import { messageText, scriptedModel } from '../helpers/scriptedModel.js';

/** Two writers of which one knows the numbers, and a judge that reads them, but goes by the place where a question is hard. */

const QUESTIONS = ['What is 1 + 1?', 'What is 2 + 2?', 'What is 3 + 3, a hard one?', 'What is 4 + 4?'];

const writerA = scriptedModel(
  { complete: (request) => [`It is ${sumOf(messageText(request))}.`] },
  'writerA',
);
const writerB = scriptedModel(
  { complete: (request) => [messageText(request).includes('2 + 2') ? 'Four.' : 'It is 0.'] },
  'writerB',
);
const judge = scriptedModel(
  {
    complete: (request) => {
      const text = messageText(request);
      if (!text.includes('candidate-A'))
        return [`{"quality": {"reason": "r", "score": ${text.includes('4 + 4') ? 2 : 5}}}`];
      const [, first] = /<candidate-A-\w+>\n([^]*?)\n<\/candidate/.exec(text)!;
      const isBetter = text.includes('hard') || first === `It is ${sumOf(text)}.`;
      return [`{"reason": "r", "better": "${isBetter ? 'A' : 'B'}"}`];
    },
  },
  'judge',
);

function sumOf(text: string): number {
  const [, a, b] = /(\d) \+ (\d)/.exec(text)!;
  return Number(a) + Number(b);
}

test('preferences.yaml: the better answer is chosen in both orders, and only where it is good', async () => {
  const path = join(temporaryFolder(), 'questions.jsonl');
  writeFileSync(path, QUESTIONS.map((question) => `${JSON.stringify({ question })}\n`).join(''));
  const deps = checkDeps(undefined, { env: { QUESTIONS: path, JUDGE_KEY: 'k' } });
  const plan = await checkFile(join(PIPELINES_FOLDER, 'preferences.yaml'), deps);
  const { totals, batches } = await runInMemory(plan, { writerA, writerB, judge });
  assert.deepEqual(
    batches.flatMap((rows) => columnValues(rows, 'chosenFrom')),
    ['answerA', 'answerA'],
  );
  assert.deepEqual(
    Object.entries(totals.counts).filter(([key]) => key.startsWith('judge')),
    [
      ['judgePair dropped orderDecides', 1],
      ['judge dropped quality', 1],
    ],
  );
  const convert = openExport(plan.settings.exports['pairs']!);
  const { chosen, rejected } = convert({ question: 'q', chosen: 'good', rejected: 'bad' }) as Record<
    string,
    unknown
  >;
  assert.deepEqual(
    [chosen, rejected],
    [[{ role: 'assistant', content: 'good' }], [{ role: 'assistant', content: 'bad' }]],
  );
});

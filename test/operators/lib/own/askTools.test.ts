import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RowError, ScaleQuestError } from '../../../../src/errors.js';
import { askTools, joinAsked } from '../../../../src/operators/lib/own/askTools.js';
import { defineOperator } from '../../../../src/operators/lib/defineOperator.js';
import { contextOf, lostTexts, questionsInput, runOperator } from '../../../helpers/runs/runOperator.js';
import { messageText, scriptedModel } from '../../../helpers/scriptedModel.js';

const QUESTIONS = ['How many apples?', 'Why not?', 'How far is it?', 'How many pears?', 'Why?', 'How so?'];

function teller(fail: (text: string) => void = () => {}) {
  const complete = (request: Parameters<typeof messageText>[0]): string[] => {
    fail(messageText(request));
    return ['It is so.'];
  };
  return scriptedModel({ complete }, 'teller');
}

const answers = defineOperator({
  reads: { question: 'string' },
  models: { teller: 'complete' },
  row: async ({ question }, { ask }) => void (await ask('teller', question)),
});

test('each call goes to the model of its role, for the row that asks', async () => {
  const model = scriptedModel(
    {
      complete: () => [' ', 'A question?'],
      choose: ({ options }) => options.map((_, at) => at / 4),
      score: ({ items }) => items.map(({ assistant }) => (assistant === null ? 0 : assistant.length)),
      embed: ({ texts }) => texts.map(({ length }) => [length, 1]),
    },
    'tiny',
  );
  const roles = new Map([['own', 'tiny']]);
  const { ask, asked } = askTools(contextOf([model]), { step: 'own', roles, row: { seq: 5, seqIndex: 0 } });
  assert.deepEqual(await ask.ask('own', null, { n: 2 }), ['A question?']);
  assert.deepEqual(await ask.choose('own', 'Why?', ['Yes', 'No', 'So']), [0, 0.25, 0.5]);
  assert.deepEqual(
    await ask.score('own', [
      { user: 'a', assistant: 'bc' },
      { user: 'a', assistant: null },
    ]),
    [2, 0],
  );
  assert.deepEqual(await ask.embed('own', ['abc']), [[3, 1]]);
  assert.deepEqual([model.completes[0]!.seq, model.completes[0]!.message], [5, { kind: 'preQuery' }]);
  const error = await ask.ask('other', 'Why?').catch((thrown: unknown) => thrown);
  assert.deepEqual([asked.isOwn(error), joinAsked([asked]).isOwn(error)], [false, false]);
  asked.throwEnding();
});

test('a fault of a model keeps its code; what ends the run ends it, also where the operator would go on', async () => {
  const slow = teller((text) => {
    if (text.startsWith('Why')) throw new RowError('ROW_TIMEOUT', 'no reply in time', { mayDiffer: true });
  });
  const output = await runOperator(answers({}, contextOf([slow])), questionsInput(QUESTIONS), 4);
  assert.deepEqual(lostTexts(output), ['1 rejected ROW_TIMEOUT', '4 rejected ROW_TIMEOUT']);

  const deaf = defineOperator({
    reads: { question: 'string' },
    models: { teller: 'complete' },
    row: async ({ question }, { ask }) => void (await ask('teller', question).catch(() => [])),
  });
  const gone = teller(() => {
    throw new ScaleQuestError('ERR_MODEL_UNREACHABLE', 'the server is gone');
  });
  await assert.rejects(runOperator(deaf({}, contextOf([gone])), questionsInput(QUESTIONS)), {
    code: 'ERR_MODEL_UNREACHABLE',
  });
});

test('a role that is not declared, and options of a call that do not fit, reject the row', async () => {
  const wrong = defineOperator({
    reads: { question: 'string' },
    models: { teller: 'complete' },
    row: async ({ question }, { ask }) => {
      if (question === 'Why?') await ask('teller', question, { temperature: -1 });
      else await ask('writer' as 'teller', question);
    },
  });
  const { lost } = await runOperator(wrong({}, contextOf([teller()])), questionsInput(['Why?', 'Who?']));
  assert.match(lost[0]!.message, /temperature/);
  assert.match(lost[1]!.message, /as "writer", which its `models` do not name; they name teller/);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RowError } from '../../src/errors.js';
import { judgeSolvability, readVerdict, yesShare } from '../../src/operators/judgeSolvability.js';
import { deriveSeed } from '../../src/random.js';
import { contextOf, lostTexts, questionsInput, runOperator } from '../helpers/runs/runOperator.js';
import { messageText, scriptedModel } from '../helpers/scriptedModel.js';

const VERDICTS: [reply: string, verdict: boolean | 'ROW_UNCLEAR'][] = [
  ['It can be solved. Yes', true],
  ['yes.', true],
  ['**Yes**', true],
  ['Answer: \\boxed{Yes}\n', true],
  ['YES!', true],
  ['<think>No? The price is there. Yes</think>\n\nNo.', false],
  ['<think>It says all. Yes', 'ROW_UNCLEAR'],
  [`Yes${' '.repeat(1000)}`, true],
  ['Yes, at first sight, but then: No', false],
  ['No … yes, if a is positive it can: no.', false],
  ['No. It would be yes if the price were given. So: no', false],
  ['Yes and no', false],
  ['No … yes, if the price were given', 'ROW_UNCLEAR'],
  ['Nobody was here yesterday', 'ROW_UNCLEAR'],
  ['The sum is 30. Yesno', 'ROW_UNCLEAR'],
  ['I think so', 'ROW_UNCLEAR'],
  ['Yes, because 3 + 4 = 7', 'ROW_UNCLEAR'],
  ['', 'ROW_UNCLEAR'],
];

for (const [reply, verdict] of VERDICTS) {
  test(`the verdict of ${JSON.stringify(reply)} is ${verdict}`, () => {
    if (verdict !== 'ROW_UNCLEAR') return assert.equal(readVerdict(reply), verdict);
    assert.throws(
      () => readVerdict(reply),
      (error) => error instanceof RowError && error.code === verdict,
    );
  });
}

const REPLIES: Record<string, string | { text: string; finish: 'length' }> = {
  sound: 'All is given. Yes',
  flawed: 'The price is missing. No',
  unclear: 'Perhaps',
  long: { text: 'Let me think', finish: 'length' },
  empty: '',
};

test('reasoned: yes keeps and writes the reply, no drops, no verdict rejects', async () => {
  const model = scriptedModel({
    complete: (request) => [
      REPLIES[Object.keys(REPLIES).find((key) => messageText(request).includes(key))!]!,
    ],
  });
  const operator = judgeSolvability({ model: 'tiny' }, contextOf([model]));
  const output = await runOperator(operator, questionsInput(Object.keys(REPLIES)));
  assert.deepEqual(output.rows, [{ seq: 0, question: 'sound', verdict: 'All is given. Yes' }]);
  assert.deepEqual(lostTexts(output), [
    '1 dropped unsolvable',
    '2 rejected ROW_UNCLEAR',
    '3 rejected ROW_LENGTH',
    '4 rejected ROW_EMPTY',
  ]);
  assert.equal(output.lost[0]!.message, 'the reply ends with No');
  assert.deepEqual(
    output.lost.map(({ reply }) => reply),
    ['The price is missing. No', 'Perhaps', 'Let me think', ''],
  );
  assert.equal(output.lost[0]!.question, 'flawed');
});

test('reasoned: greedy by default, one reply, with the seed of the row', async () => {
  const model = scriptedModel({ complete: () => ['Yes'] });
  await runOperator(judgeSolvability({ model: 'tiny' }, contextOf([model])), questionsInput(['a', 'b']));
  const { message: _message, ...request } = model.completes.find(({ seq }) => seq === 1)!;
  const seed = deriveSeed(7, 'judgeSolvability', 1);
  assert.deepEqual(request, { seq: 1, n: 1, temperature: 0, topP: 1, tokensMax: 2048, seed });
});

test('probability: the share of Yes against No decides at yesMin', async () => {
  const chances: Record<string, [number, number]> = {
    likely: [0.75, 0.125],
    level: [0.75, 0.25],
    under: [0.74, 0.26],
    neither: [0, 0],
  };
  const model = scriptedModel({
    choose: (request) => chances[Object.keys(chances).find((key) => messageText(request).endsWith(key))!]!,
  });
  const options = { model: 'tiny', method: 'probability', yesMin: 0.75 } as const;
  const operator = judgeSolvability(options, contextOf([model]));
  const output = await runOperator(operator, questionsInput(Object.keys(chances)));
  assert.deepEqual(
    output.rows.map(({ verdict }) => verdict),
    ['0.8571', '0.7500'],
  );
  assert.deepEqual(lostTexts(output), ['2 dropped unsolvable', '3 rejected ROW_SCORE_INVALID']);
  assert.deepEqual(model.chooses[0]!.options, ['Yes', 'No']);
  assert.equal(model.completes.length, 0);
});

test('the share of Yes needs one of the two to be likely', () => {
  assert.equal(yesShare(0.2, 0.2), 0.5);
  assert.equal(yesShare(0.1, 0), 1);
  assert.equal(yesShare(0, 0.1), 0);
  assert.throws(
    () => yesShare(0, 0),
    (error) => error instanceof RowError && error.code === 'ROW_SCORE_INVALID',
  );
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type FilterLanguageOptions, filterLanguage } from '../../src/operators/filterLanguage.js';
import { contextOf, lostTexts, questionsInput, runOperator } from '../helpers/runs/runOperator.js';

const QUESTIONS = [
  'How many apples are left when three children each take two from a basket of ten?',
  'How many metres is 3 × 4 metres when the rope is cut into equal parts?',
  'Combien de pommes restent quand trois enfants en prennent deux chacun dans un panier de dix?',
  '一个篮子里有十个苹果，三个孩子每人拿走两个，还剩几个？',
  'x = 3',
];

const CASES: [options: FilterLanguageOptions, lost: string[]][] = [
  [{}, ['1 dropped notAscii', '3 dropped notAscii']],
  [{ method: 'identify' }, ['2 dropped otherLanguage', '3 dropped otherLanguage']],
  [{ method: 'both' }, ['1 dropped notAscii', '2 dropped otherLanguage', '3 dropped notAscii']],
  [{ method: 'identify', languages: ['en', 'fr'] }, ['3 dropped otherLanguage']],
];

for (const [options, lost] of CASES) {
  test(`with ${JSON.stringify(options)}: ${lost.join(', ')}`, async () => {
    const output = await runOperator(filterLanguage(options, contextOf()), questionsInput(QUESTIONS));
    assert.deepEqual(lostTexts(output), lost);
    assert.equal(output.rows.length, QUESTIONS.length - lost.length);
  });
}

test('the message says which language was recognised', async () => {
  const output = await runOperator(
    filterLanguage({ method: 'identify' }, contextOf()),
    questionsInput(QUESTIONS),
  );
  assert.equal(output.lost[0]!.message, 'recognised as fr');
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createBudget } from '../../../src/grade/compare/budget.js';
import { sameFamilies } from '../../../src/grade/compare/families.js';
import { parseAnswer } from '../../../src/grade/parse/parseAnswer.js';

const same = (left: string, right: string): boolean | null =>
  sameFamilies(parseAnswer(left)[0]!, parseAnswer(right)[0]!, { budget: createBudget(), seed: 1 });

const ALL = ', k \\in \\mathbb{Z}';

test('values for every whole number are compared as sets', () => {
  assert.equal(same(`1 + 3k${ALL}`, `3k - 2${ALL}`), true);
  assert.equal(same(`k\\pi${ALL}`, `2k\\pi, \\pi - 2k\\pi${ALL}`), true);
  assert.equal(same(`k\\pi${ALL}`, `2k\\pi${ALL}`), false);
  assert.equal(same(`180^\\circ k${ALL}`, `k\\pi${ALL}`), true);
  assert.equal(same('1 \\pmod 3', `3k + 4${ALL}`), true);
});

test('steps without a common multiple, powers and numbers are no families', () => {
  assert.equal(same(`k${ALL}`, `k\\sqrt{2}${ALL}`), null);
  assert.equal(same(`2^k${ALL}`, `k${ALL}`), null);
  assert.equal(same(`k${ALL}`, '3'), null);
});

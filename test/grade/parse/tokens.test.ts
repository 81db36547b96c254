import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GRADE_LIMITS, createBudget } from '../../../src/grade/compare/budget.js';
import { type Token, readTokens } from '../../../src/grade/parse/tokens.js';

function read(text: string, thousands = true): Token[] | null {
  return readTokens(text, { thousands }, createBudget());
}

/** Kind and text of each token, with a space before those that have white space before them. */
function print(text: string, thousands = true): string[] | null {
  const words = (token: Token): string => {
    if (token.kind === 'number') return `number ${token.value.toFraction()}`;
    if (token.kind === 'symbol' || token.kind === 'name') return `${token.kind} ${token.name}`;
    return `${token.kind} ${token.text}`;
  };
  return read(text, thousands)?.map((token) => `${token.spaced ? ' ' : ''}${words(token)}`) ?? null;
}

const CASES: [text: string, tokens: string[]][] = [
  ['2x + 1', ['number 2', 'symbol x', ' sign +', ' number 1']],
  ['2xyz', ['number 2', 'symbol x', 'symbol y', 'symbol z']],
  ['2 apples', ['number 2', ' word apples']],
  ['sinx', ['name sin', 'symbol x']],
  ['since', ['word since']],
  ['asin x', ['name arcsin', ' symbol x']],
  ['\\alpha\\infty', ['symbol alpha', 'name infty']],
  ['\\text{ and }', ['sign and']],
  ['\\text{ m}', ['word m']],
  ['\\text{x}', ['symbol x']],
  ['\\vec{v w}', ['symbol vec vw']],
  ['\\begin{array}', ['name begin array']],
  ['5 min', ['number 5', ' word min']],
  ['min(5, x)', ['name min', 'sign (', 'number 5', 'sign ,', ' symbol x', 'sign )']],
  ['a\\\\b', ['symbol a', 'sign \\\\', 'symbol b']],
];

for (const [text, tokens] of CASES) {
  test(`${text} has the tokens ${tokens.join(', ')}`, () => assert.deepEqual(print(text), tokens));
}

test('a comma groups thousands, but not inside brackets, nor where a list is asked for', () => {
  assert.deepEqual(print('1,234.5'), ['number 2469/2']);
  assert.deepEqual(print('1,234', false), ['number 1', 'sign ,', 'number 234']);
  assert.deepEqual(print('(1,234)'), ['sign (', 'number 1', 'sign ,', 'number 234', 'sign )']);
  assert.deepEqual(print('12 345'), ['number 12345']);
});

test('decimals are exact: repeating ones, with dots, with an exponent', () => {
  assert.deepEqual(print('0.1\\overline{6}'), ['number 1/6']);
  assert.deepEqual(print('0.333\\ldots'), ['number 1/3']);
  assert.deepEqual(print('2.5e-3'), ['number 1/400']);
  assert.deepEqual(print('.5'), ['number 1/2']);
});

test('a decimal knows how many digits it has, leading zeros apart; a whole number has none', () => {
  const digits = (text: string): number => (read(text)![0] as { digits: number }).digits;
  assert.deepEqual(['0.00314', '2.50', '7', '0.1\\overline{6}'].map(digits), [3, 3, 0, 0]);
});

test('a character that no answer in maths has makes the text none', () => {
  for (const text of ['a@b', '"', 'π€', '\\begin{x', '\\text{x']) assert.equal(read(text), null, text);
});

test('numbers beyond the limits are refused before they are made', () => {
  assert.throws(() => read('9'.repeat(6000)), { code: 'ROW_GRADE_LIMIT', message: /number of 6000 digits/ });
  assert.throws(() => read('1e99999'), { code: 'ROW_GRADE_LIMIT', message: /exponent 99999/ });
  const budget = createBudget({ ...GRADE_LIMITS, workMax: 3 });
  assert.throws(() => readTokens('1+1+1', { thousands: true }, budget), { code: 'ROW_GRADE_LIMIT' });
});

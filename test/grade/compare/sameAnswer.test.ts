import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RowError } from '../../../src/errors.js';
import { sameAnswer } from '../../../src/grade/compare/sameAnswer.js';
import { HOSTILE, INHERITED } from '../hostile.js';
import { PAIRS } from '../pairs.js';

const SEEDS = [1, 2, 3];

for (const [kind, { equal, different }] of Object.entries(PAIRS)) {
  for (const [left, right] of equal) {
    test(`${kind}: ${left} is ${right}`, () => {
      for (const seed of SEEDS) assert.equal(sameAnswer(left, right, { seed }), true);
      assert.equal(sameAnswer(right, left, { seed: 1 }), true, 'the other way round');
    });
  }
  for (const [left, right] of different) {
    test(`${kind}: ${left} is not ${right}`, () => {
      for (const seed of SEEDS) assert.equal(sameAnswer(left, right, { seed }), false);
      assert.equal(sameAnswer(right, left, { seed: 1 }), false, 'the other way round');
    });
  }
}

const ANSWERS = Object.values(PAIRS).flatMap(({ equal, different }) => [...equal, ...different].flat());
const anyAnswer = fc.constantFrom(...ANSWERS);
const options = { seed: 5 };

test('every answer is itself, also in other dress', () => {
  const dress = fc.constantFrom<(text: string) => string>(
    (text) => `$${text}$`,
    (text) => `\\(${text}\\)`,
    (text) => `\\boxed{${text}}`,
    (text) => `  ${text} `,
    (text) => `${text}.`,
    (text) => `{${text}}`,
    (text) => text.replaceAll('\\frac', '\\dfrac'),
    (text) => text.replaceAll(' ', '  '),
    (text) => text.replaceAll('(', '\\left(').replaceAll(')', '\\right)'),
  );
  fc.assert(
    fc.property(anyAnswer, dress, (answer, put) => {
      // Money, bold type and half brackets inside another dress are mistakes, not answers.
      fc.pre(!/^\$\d|^\*\*|^\\\(/.test(answer) && !(put('x') === '{x}' && /^[[\]]/.test(answer)));
      assert.equal(sameAnswer(answer, put(answer), options), true);
    }),
    { numRuns: 1500 },
  );
});

test('the order of two answers never counts', () => {
  fc.assert(
    fc.property(anyAnswer, anyAnswer, (left, right) => {
      assert.equal(sameAnswer(left, right, options), sameAnswer(right, left, options));
    }),
    { numRuns: 3000 },
  );
});

test('whatever the text, there is a verdict or ROW_GRADE_LIMIT', () => {
  const piece = fc.oneof(
    fc.constantFrom(...'0123456789xyabei+-*/^_(){}[]|,;:=<>!%$&\\. '),
    fc.constantFrom(
      '\\frac',
      '\\sqrt',
      '\\pm',
      '\\text{',
      '\\{',
      '\\}',
      '\\cup',
      '\\infty',
      '\\sin',
      '\\le ',
      '\\in ',
    ),
    fc.constantFrom(
      '\\begin{pmatrix}',
      '\\end{pmatrix}',
      '\\\\',
      '\\left',
      '\\right',
      '\\boxed{',
      'and',
      ' cm',
      ' m',
      ' min',
      '\\setminus ',
      '\\cap ',
      '\\mathbf{j}',
      '/s',
      'in',
      '^\\circ',
      'thirty',
      ' hundred ',
      '\u200b',
      '５',
      'ⁿ',
    ),
    fc.constantFrom(...INHERITED.flatMap((name) => [name, `\\${name}`, `\\${name} `])),
  );
  const text = fc.array(piece, { maxLength: 25 }).map((pieces) => pieces.join(''));
  fc.assert(
    fc.property(text, fc.oneof(text, anyAnswer), (left, right) => {
      const verdicts = [verdict(left, right), verdict(right, left)];
      assert.equal(verdicts[0], verdicts[1]);
      assert.equal(verdict(left, left), true);
    }),
    // A crash here costs time at every step of shrinking.
    { numRuns: 3000, interruptAfterTimeLimit: 60_000 },
  );
});

function verdict(left: string, right: string): boolean | string {
  try {
    return sameAnswer(left, right, options);
  } catch (error) {
    assert.ok(error instanceof RowError, `${(error as Error).stack}`);
    return error.code;
  }
}

test('n whole numbers in any order and writing are one set; with one changed they are not', () => {
  const numbers = fc.uniqueArray(fc.integer({ min: -999, max: 999 }), { minLength: 2, maxLength: 6 });
  fc.assert(
    fc.property(numbers, (values) => {
      const shuffled = [...values].sort((a, b) => ((a * 7919) % 13) - ((b * 7919) % 13));
      assert.equal(sameAnswer(`\\{${values.join(', ')}\\}`, shuffled.join(', '), options), true);
      const changed = [values[0]! + 2000, ...values.slice(1)];
      assert.equal(sameAnswer(`\\{${values.join(', ')}\\}`, changed.join(', '), options), false);
    }),
  );
});

test('fractions are compared exactly, whatever their size', () => {
  const whole = fc.bigInt({ min: 1n, max: 10n ** 40n });
  fc.assert(
    fc.property(whole, whole, fc.bigInt({ min: 2n, max: 99n }), (over, under, factor) => {
      const plain = `\\frac{${over}}{${under}}`;
      assert.equal(sameAnswer(plain, `${over * factor}/${under * factor}`, options), true);
      assert.equal(sameAnswer(plain, `${over * factor + 1n}/${under * factor}`, options), false);
    }),
  );
});

test('a hostile answer costs a bounded amount of work, and is never the same as an honest one', () => {
  for (const hostile of HOSTILE) {
    for (const honest of ['5', '\\{1,2\\}', 'x+1', '\\text{no}']) {
      // Units that say nothing are left out: that one is 5.
      if (hostile.startsWith('5 ') && honest === '5') continue;
      assert.notEqual(verdict(honest, hostile), true, `${hostile.slice(0, 40)} = ${honest}`);
    }
    assert.equal(verdict(hostile, ` ${hostile}`), true);
  }
});

test('the power of a unit is a number with any signs, or the answer is no quantity', () => {
  assert.equal(sameAnswer('3 m^{--2}', '3 m^2', { seed: 1 }), true);
  assert.equal(sameAnswer('5 m^{-x}', '5 m', { seed: 1 }), false);
  assert.equal(sameAnswer('5 m^{-x}', '5 m^{-x}', { seed: 1 }), true);
});

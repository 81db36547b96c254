import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FORMULA_CHARS_MAX, mathParts } from '../../../src/page/math/mathParts.js';

function kindsOf(text: string): string[] {
  return mathParts(text).map(({ kind, text: inner }) => `${kind} ${inner}`);
}

test('the four marks', () => {
  assert.deepEqual(kindsOf('a $x^2$ b $$y$$ c \\(z\\) d \\[w\n+1\\]'), [
    ...[
      'text a ',
      'inline x^2',
      'text  b ',
      'display y',
      'text  c ',
      'inline z',
      'text  d ',
      'display w\n+1',
    ],
  ]);
});

test('prices stay prices', () => {
  for (const text of [
    'It costs $5 and $10.',
    'from $5 to $6',
    '\\$5 and \\$6',
    'one $ alone',
    '$ 5 $',
    '$$',
    '$$$$',
    'a $5',
  ])
    assert.deepEqual(kindsOf(text), [`text ${text}`]);
});

test('a bare box is a formula, one in a formula is part of it', () => {
  const text = 'The answer is \\boxed{\\frac{1}{2}}.';
  assert.deepEqual(kindsOf(text), ['text The answer is ', 'inline \\boxed{\\frac{1}{2}}', 'text .']);
  assert.deepEqual(kindsOf('$\\boxed{3}$'), ['inline \\boxed{3}']);
  assert.deepEqual(kindsOf('\\boxed{3'), ['text \\boxed{3']);
});

test('an escaped dollar ends no formula', () => {
  assert.deepEqual(kindsOf('$a\\$b$'), ['inline a\\$b']);
});

test('what has no end, an empty line, too many letters or too many braces stays text', () => {
  const deep = `$${'{'.repeat(5000)}${'}'.repeat(5000)}$`;
  const long = `$${'x'.repeat(20_000)}$`;
  const nested = `$${'{'.repeat(100)}x${'}'.repeat(100)}$`;
  for (const text of ['\\(x', '$x\n\ny$', deep, long, nested])
    assert.deepEqual(kindsOf(text), [`text ${text}`]);
  assert.equal(mathParts(`$${'x'.repeat(FORMULA_CHARS_MAX)}$`)[0]!.kind, 'inline');
});

test('one text gets a bounded number of letters set', () => {
  const parts = mathParts('$x + 1 = 2y$ '.repeat(50_000));
  const letters = parts.filter(({ kind }) => kind !== 'text').reduce((sum, { text }) => sum + text.length, 0);
  assert.ok(letters <= 12_000 && letters > 11_900, String(letters));
});

test('a megabyte of marks without ends takes a second at most', () => {
  for (const mark of ['$', '$$', '\\(', '\\[', '\\', '$a ']) {
    const text = mark.repeat(1_000_000 / mark.length);
    const { user } = process.cpuUsage();
    const parts = mathParts(text);
    assert.ok(process.cpuUsage().user - user < 1e6, mark);
    assert.equal(parts.map(({ source }) => source).join(''), text);
  }
});

test('the sources of the parts are the text again, whatever it is', () => {
  const piece = fc.constantFrom(
    '$',
    '$$',
    '\\(',
    '\\)',
    '\\[',
    '\\]',
    '\\$',
    '\\boxed{',
    '{',
    '}',
    'x',
    ' ',
    '\n',
    '\n\n',
    '5',
    '😀',
    'ש',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
      const text = pieces.join('');
      const parts = mathParts(text);
      assert.equal(parts.map(({ source }) => source).join(''), text);
      for (const { kind, text: inner } of parts) assert.ok(kind === 'text' || inner.trim() !== '');
    }),
  );
});

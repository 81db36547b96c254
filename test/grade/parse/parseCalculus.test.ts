import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAnswer } from '../../../src/grade/parse/parseAnswer.js';

const nameOf = (text: string): string => {
  const [reading] = parseAnswer(text);
  return reading?.kind === 'call' ? reading.name : reading!.kind;
};

test('integrals end with their variable, which may stand in a numerator', () => {
  for (const text of [
    '\\int_0^1 x^2\\,dx',
    '\\int_0^1 x \\mathrm{d}x',
    '\\int_0^\\pi\\sin t dt',
    '\\int_1^2\\frac{dx}{x}',
    '\\int_0^1 \\int_0^2 xy\\,dy\\,dx',
  ])
    assert.equal(nameOf(text), 'integral', text);
  assert.equal(nameOf('\\int 2x\\,dx'), 'antiderivative');
  for (const text of ['\\int_0^1 x', '\\int_0 x dx', '\\int']) assert.equal(nameOf(text), 'text', text);
});

test('limits say where to, and from which side', () => {
  assert.equal(nameOf('\\lim_{x \\to 0} \\frac{\\sin x}{x}'), 'limit');
  assert.equal(nameOf('\\lim_{x \\to 0^+} \\ln x'), 'limitAbove');
  assert.equal(nameOf('\\lim_{x\\rightarrow 0^{-}} x'), 'limitBelow');
  assert.equal(nameOf('\\lim x'), 'text');
});

test('derivatives of first and second order', () => {
  for (const text of [
    '\\frac{d}{dx} x^2',
    '\\frac{d^2}{dx^2}(x^3)',
    '\\frac{\\partial}{\\partial x}(xy)',
    'd/dx(x^2)',
  ])
    assert.equal(nameOf(text), 'derivative', text);
  assert.equal(nameOf('\\frac{d}{2}'), 'quotient');
});

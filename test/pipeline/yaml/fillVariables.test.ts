import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fillVariables } from '../../../src/pipeline/yaml/fillVariables.js';

const TEXTS: [text: string, filled: string][] = [
  ['', ''],
  ['${A}', '<A>'],
  ['x ${A} y ${_b2:-c d} z', 'x <A> y <_b2|c d> z'],
  ['${A}${B}', '<A><B>'],
  ['${A:-}', '<A|>'],
  ['${A:-${B}}', '<A|${B>}'],
  ['$A {A} ${1A} ${} ${A ${A-b} $${A}', '$A {A} ${1A} ${} ${A ${A-b} $<A>'],
  ['${A:-no end', '${A:-no end'],
  ['${A', '${A'],
];

for (const [text, filled] of TEXTS)
  test(`${text} is filled in as ${filled}`, () => {
    const found = fillVariables(text, ({ name, fallback }) =>
      fallback === undefined ? `<${name}>` : `<${name}|${fallback}>`,
    );
    assert.equal(found, filled);
  });

test('what is filled in is not looked at again', () => {
  assert.equal(
    fillVariables('${A}', () => '${A}'),
    '${A}',
  );
});

for (const part of ['${A:-', '${A', '${', '${A:-}', '${A:-${'])
  test(`time is linear in the beginnings of variables: ${part}`, () => {
    const text = part.repeat(1_000_000 / part.length);
    const before = process.cpuUsage();
    fillVariables(text, () => '');
    fillVariables(`${text}}`, () => '');
    const { user, system } = process.cpuUsage(before);
    assert.ok(user + system < 1e6, `${(user + system) / 1000} ms`);
  });

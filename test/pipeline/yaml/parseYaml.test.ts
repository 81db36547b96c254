import assert from 'node:assert/strict';
import { test } from 'node:test';
import { firstLine, parseYaml } from '../../../src/pipeline/yaml/parseYaml.js';

test('a sound text has its document and no problem', () => {
  const { document, problems, positionAt } = parseYaml('p.yaml', 'a: 1\nb: 2\n');
  assert.deepEqual([document.toJS(), problems], [{ a: 1, b: 2 }, []]);
  assert.deepEqual(positionAt(5), { file: 'p.yaml', line: 2, column: 1, key: undefined });
});

test('at most three mistakes of syntax are told', () => {
  const { problems } = parseYaml('p.yaml', '"'.repeat(99));
  assert.equal(problems.length, 3);
  assert.match(problems[0]!.message, /^p\.yaml:1:\d+: .*expected valid YAML$/);
});

test('thousands of mistakes take no time for their traces, and other errors keep theirs', () => {
  const text = `a: ${'&a [*a] '.repeat(2500)}`;
  parseYaml('p.yaml', text);
  const before = process.cpuUsage();
  assert.equal(parseYaml('p.yaml', text).problems.length, 3);
  const { user, system } = process.cpuUsage(before);
  assert.ok(user + system < 250_000, `${(user + system) / 1000} ms`);
  assert.match(new Error('x').stack!, /at /);
});

test('a directive of the text does not change how words are read', () => {
  assert.deepEqual(parseYaml('p.yaml', '%YAML 1.1\n---\na: yes').document.toJS(), { a: 'yes' });
});

test('a message of the library is cut to its first line, without its mark', () => {
  assert.equal(firstLine('Something is wrong:\n\n  a: b\n  ^'), 'Something is wrong');
});

test('a lone CR ends a line, as in files of old editors', () => {
  const { document, problems, positionAt } = parseYaml('p.yaml', 'a: 1\rb:\r  - 2\r');
  assert.deepEqual([document.toJS(), problems], [{ a: 1, b: [2] }, []]);
  assert.equal(positionAt(5).line, 2);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDocument } from 'yaml';
import { documentFaults } from '../../../src/pipeline/yaml/documentFaults.js';

function faultsOf(text: string): string[] {
  return documentFaults(parseDocument(text, { uniqueKeys: false, schema: 'core' })).map(
    ({ offset, message, key }) => `${offset}${key === undefined ? '' : ` ${key}`} ${message}`,
  );
}

for (const text of [
  'a: &x { b: 1 }\nc: *x\nd: [*x, *x]',
  'a: &x 1\nb: &x 2\nc: *x',
  '1: a\ntrue: b\nx y: c',
  'a: !!str 5\nb: "*x"\n"<<": 1',
  '%YAML 1.2\n---\na: 1',
])
  test(`${JSON.stringify(text)} has no fault`, () => assert.deepEqual(faultsOf(text), []));

test('keys are compared by what they are called', () => {
  assert.match(faultsOf('1: a\n"1": b')[0]!, /^5 1 this key stands twice/);
  assert.deepEqual(faultsOf('a: { x: 1 }\nb: { x: 1 }'), []);
});

test('an anchor on a key may be named, and an alias may not be a key', () => {
  assert.deepEqual(faultsOf('&k a: *k'), []);
  assert.match(faultsOf('a: &x b\n*x : 1')[0]!, /a list, a map or an alias as a key/);
});

test('long texts that aliases repeat count by their length', () => {
  const text = `a: &a ${'x'.repeat(100_000)}\nb: [${Array(99).fill('*a').join(', ')}]`;
  assert.match(faultsOf(text)[0]!, /its aliases stand for \d+ values/);
});

test('nobody is told of more than twenty', () => {
  assert.equal(faultsOf(Array.from({ length: 100 }, (_, at) => `k${at}: *x`).join('\n')).length, 20);
});

test('a number that a double does not hold is named, before it is another one', () => {
  for (const number of ['9007199254740993', '-18446744073709551615', '0xffffffffffffffff'])
    assert.match(
      faultsOf(`a: { b: ${number} }`)[0]!,
      /^8 found \S+, which no number holds exactly: it would be -?\d+; /,
    );
  assert.deepEqual(
    faultsOf('a: 9007199254740991\nb: 1e300\nc: 0.1234567890123456789\nd: "9007199254740993"'),
    [],
  );
});

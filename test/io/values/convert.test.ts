import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isColumnType, typeTree } from '../../../src/arrow/typeTree.js';
import { ValueFault, type ValueType, convert } from '../../../src/io/values/convert.js';
import { exactNumber as n, parseExactJson } from '../../../src/io/values/exactJson.js';

function to(type: string, value: unknown, nullable = true): unknown {
  assert.ok(type === 'timestamp' || isColumnType(type));
  const tree: ValueType = type === 'timestamp' ? { kind: 'timestamp' } : typeTree(type);
  try {
    return convert(tree, value, nullable);
  } catch (error) {
    assert.ok(error instanceof ValueFault);
    return `fault: ${error.message}`;
  }
}

test('values that say the same in the type of the column', () => {
  const cases: [string, unknown, unknown][] = [
    ['string', 'a', 'a'],
    ['string', n('42'), '42'],
    ['string', n('1e21'), '1e21'],
    ['string', n('9007199254740993'), '9007199254740993'],
    ['string', 2n ** 63n, '9223372036854775808'],
    ['string', 0.5, '0.5'],
    ['string', true, 'true'],
    ['string', NaN, null],
    ['int32', n('42.0'), 42],
    ['int32', 7n, 7],
    ['int64', n('9007199254740993'), 9007199254740993n],
    ['int64', n('-9223372036854775808'), -(2n ** 63n)],
    ['int64', n('+5'), 5n],
    ['int64', 3, 3n],
    ['float64', n('0.7'), 0.7],
    ['float64', n('1e300'), 1e300],
    ['float64', n('3000000000'), 3e9],
    ['float64', 5n, 5],
    ['float64', -Infinity, null],
    ['bool', false, false],
    ['timestamp', '2024-05-01T12:00:00.123456789Z', '2024-05-01T12:00:00.123456789Z'],
    ['timestamp', '2024-05-01', '2024-05-01'],
    ['list<float64>', [n('1'), 1099511627776n, NaN, null], [1, 1099511627776, null, null]],
    ['list<string>', [n('1'), 'x'], ['1', 'x']],
    ['struct<a: int32, b: string>', { b: n('1'), c: 1 }, { a: null, b: '1' }],
    ['messages', [{ role: 'user', content: 'hi', name: 'x' }], [{ role: 'user', content: 'hi' }]],
    ['messages', [{ role: 'assistant', content: null }], [{ role: 'assistant', content: null }]],
  ];
  for (const [type, value, expected] of cases) assert.deepEqual(to(type, value), expected, type);
  const proto = to('struct<__proto__: int32>', parseExactJson('{"__proto__": 5}')) as object;
  assert.deepEqual(Object.entries(proto), [['__proto__', 5]]);
});

test('values that would say something else are refused, with what to do', () => {
  const cases: [string, unknown, RegExp][] = [
    ['string', ['a'], /found \["a"\], expected a string.*list<string>/],
    ['string', { a: n('1') }, /found {"a":1}, expected a string.*struct/],
    ['string', 'x\ud83d', /half a surrogate pair/],
    ['int32', n('42.5'), /found 42\.5, expected an integer/],
    ['int32', 2n ** 31n, /found 2147483648/],
    ['int64', n('9223372036854775808'), /expected an integer of 64 bits/],
    ['int64', n('1'.repeat(500)), /found 1{59}…/],
    ['float64', n('9007199254740993'), /found 9007199254740993, .*int64 or string/],
    ['float64', 2n ** 60n, /found 1152921504606846976, /],
    ['float64', n('1e400'), /found 1e400, expected a finite number/],
    ['float64', '0.7', /found "0\.7"/],
    ['bool', n('1'), /found 1, expected true or false/],
    ['timestamp', 'yesterday', /expected a time as text/],
    ['timestamp', n('1714564800'), /found 1714564800, .*Declare the column string, or a number/],
    ['list<string>', 'a', /found "a", expected an array of strings/],
    ['list<string>', [null], /found null, expected a string/],
    ['messages', [{ role: null }], /field "role": found null/],
    ['struct<a: int32>', { a: 'x' }, /field "a": found "x"/],
    ['struct<a: int32>', n('5'), /found 5, expected a value of the type struct/],
  ];
  for (const [type, value, message] of cases) assert.match(`${to(type, value) as string}`, message, type);
  assert.match(`${to('string', null, false) as string}`, /found null, expected a string/);
  assert.match(`${to('float64', NaN, false) as string}`, /found NaN, expected a finite number/);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildData } from '../../src/arrow/build.js';
import { COLUMN_TYPES, type ColumnType, type ColumnValue } from '../../src/arrow/columnType.js';
import { findFault, wrongValue } from '../../src/arrow/fault.js';

/** Values of every kind, the edges of int32 among them. */
const VALUES: unknown[] = [
  ...['', 'a', 0, -0, 0.5, 2 ** 31 - 1, 2 ** 31, -(2 ** 31), -(2 ** 31) - 1, NaN, Infinity, true, null],
  ...[[], ['a'], [1], [true], ['a', null], [1, null], [true, null], [NaN], [['a']], {}, 3n],
];

test('what findFault lets pass is what a column can be built of, and nothing else', () => {
  for (const type of COLUMN_TYPES) {
    for (const value of VALUES) {
      for (const nullable of [false, true]) {
        const fault = findFault({ name: 'a', type, help: '', nullable }, value);
        assert.equal(fault === null, canBuild(type, value, nullable), `${type} ${String(value)} ${nullable}`);
      }
    }
  }
});

function canBuild(type: ColumnType, value: unknown, nullable: boolean): boolean {
  try {
    buildData(type, [value as ColumnValue], nullable);
    return true;
  } catch {
    return false;
  }
}

test('a fault says what was found and what was expected; long values are cut', () => {
  const column = { name: 'a', type: 'int32', help: '' } as const;
  assert.equal(findFault(column, 'x'), 'found "x", expected an integer from -2147483648 to 2147483647');
  assert.match(findFault({ ...column, nullable: true }, 0.5)!, /^found 0\.5, expected .* or null$/);
  assert.match(findFault(column, 'x'.repeat(99))!, /^found "x{58}…, expected/);
  assert.match(findFault(column, 3n)!, /^found 3n,/);
  assert.match(findFault(column, undefined)!, /^found undefined,/);
});

test('an error names column and row, and says what to do', () => {
  const missing = wrongValue({ name: 'a', type: 'bool' }, 7, null);
  assert.equal(
    missing.message,
    'column "a", row 7: found null, expected true or false. Declare the column nullable, or give every row a value.',
  );
  assert.deepEqual([missing.code, missing.data], ['ERR_INVARIANT', { column: 'a', row: 7 }]);
  assert.match(
    wrongValue({ name: 'a', type: 'float64' }, 0, NaN).message,
    /is written as null, in a nullable/,
  );
});

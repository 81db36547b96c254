import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { buildRows } from '../../src/arrow/build.js';
import { COLUMN_TYPES, type Column, type ColumnType, type ColumnValue } from '../../src/arrow/columnType.js';
import { columnValues } from '../../src/arrow/read.js';
import type { SideEntry } from '../../src/flow/batch.js';
import type { Decision } from '../../src/flow/decision.js';
import { decodeDecision, encodeDecision } from '../../src/flow/decisionBytes.js';

const number = fc.double({ noNaN: true, noDefaultInfinity: true });
// A lone surrogate becomes U+FFFD where the column is built.
const text = fc.string({ unit: 'grapheme' });

const VALUES: Record<ColumnType, fc.Arbitrary<ColumnValue>> = {
  string: text,
  int32: fc.integer(),
  float64: number,
  bool: fc.boolean(),
  'list<string>': fc.array(text, { maxLength: 4 }),
  'list<float64>': fc.array(fc.option(number), { maxLength: 4 }),
  'list<bool>': fc.array(fc.option(fc.boolean()), { maxLength: 4 }),
};

const COLUMNS: readonly Column[] = COLUMN_TYPES.flatMap((type) => [
  { name: type, type, help: 'a column' },
  { name: `${type} or null`, type, help: 'a column', nullable: true },
]);

const side: fc.Arbitrary<SideEntry[]> = fc.array(
  fc.oneof(
    fc.record({
      ...{ kind: fc.constant('delta' as const), seq: fc.nat(), step: text },
      value: fc.jsonValue({ noUnicodeString: false } as never),
    }),
    fc.record({
      ...{
        kind: fc.constantFrom('dropped' as const, 'rejected' as const),
        seq: fc.nat(),
        seqIndex: fc.nat(),
      },
      ...{ step: text, reason: text, message: text, question: fc.option(text) },
    }),
  ),
  { maxLength: 5 },
);

const decision: fc.Arbitrary<Decision> = fc
  .tuple(fc.integer({ min: 0, max: 9 }), fc.subarray([...COLUMNS]), fc.boolean(), side)
  .chain(([rowsIn, columns, isEvery, entries]) => {
    const every = Array.from({ length: rowsIn }, (_, at) => at);
    const some =
      rowsIn === 0 ? fc.constant<number[]>([]) : fc.array(fc.nat({ max: rowsIn - 1 }), { maxLength: 12 });
    return (isEvery ? fc.constant(every) : some.map((places) => places.sort((a, b) => a - b))).chain(
      (from) => {
        const exactly = { minLength: from.length, maxLength: from.length };
        const values = columns.map(({ type, nullable }) =>
          fc.array(nullable ? fc.option(VALUES[type]) : VALUES[type], exactly),
        );
        return fc.tuple(...values).map((columnsOf) => ({
          ...{ rowsIn, from, side: entries, hasMemory: rowsIn % 2 === 1 },
          written: columns.length > 0 ? buildRows(columns, columnsOf, from.length) : null,
        }));
      },
    );
  });

/** As plain values, with signs of zero. */
function plain({ rowsIn, from, written, side: entries, hasMemory = false }: Decision): unknown {
  const columns = written?.schema.fields.map(({ name, type, nullable, metadata }) => [
    ...[name, `${type}`, nullable, [...metadata]],
    columnValues(written, name),
  ]);
  return {
    rowsIn,
    from: [...from],
    hasMemory,
    entries: JSON.stringify(entries),
    rows: written?.numRows,
    columns,
  };
}

test('a decision reads back as it was: places, columns of every type, zero rows, side entries', () => {
  fc.assert(
    fc.property(decision, (each) => {
      assert.deepEqual(plain(decodeDecision(encodeDecision(each))), plain(each));
    }),
    { numRuns: 500 },
  );
});

test('bytes at any offset of a larger buffer read alike', () => {
  const rows = buildRows([{ name: 'reward', type: 'float64', help: 'a column' }], [[-0, 1.5]], 2);
  const bytes = encodeDecision({ rowsIn: 2, from: [0, 1], written: rows, side: [] });
  for (let offset = 0; offset < 9; offset++) {
    const moved = Buffer.alloc(bytes.length + offset);
    bytes.copy(moved, offset);
    const { written } = decodeDecision(moved.subarray(offset));
    assert.ok(Object.is(columnValues(written!, 'reward')[0], -0));
  }
});

import fc from 'fast-check';
import type { RecordBatch } from 'apache-arrow';
import { buildRows } from '../../src/arrow/build.js';
import { anyCodePoint } from '../helpers/texts/anyCodePoint.js';
import { COLUMN_TYPES, type Column, type ColumnType, type ColumnValue } from '../../src/arrow/columnType.js';

/**
 * Text with everything that goes wrong: any plane, lone surrogates, a byte order mark, NUL, nothing at all.
 */
export const anyText = fc.oneof(
  fc.string({ unit: anyCodePoint, maxLength: 12 }),
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc.constantFrom(
    '',
    '\ud800',
    '\udfff!',
    'x\ud83d',
    '\ufeffbom',
    '\0',
    '😀',
    'ﬁ \u{10ffff}',
    'é'.repeat(40),
  ),
);

const anyFloat = fc.double({ noNaN: true, noDefaultInfinity: true });

const anyInt64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });

/** The types with names of their own, and some that are put together. */
export const TYPES = [
  ...COLUMN_TYPES,
  'list<int64>',
  'list<list<bool>>',
  'struct<name: string, score: float64, __proto__: int32>',
  'list<struct<tags: list<string>, id: int64>>',
] as const satisfies readonly ColumnType[];

/** Values of a column of each type. */
export const VALUES: Record<(typeof TYPES)[number], fc.Arbitrary<ColumnValue>> = {
  string: anyText,
  int32: fc.integer(),
  float64: anyFloat,
  bool: fc.boolean(),
  'list<string>': fc.array(anyText, { maxLength: 4 }),
  'list<float64>': fc.array(fc.option(anyFloat, { freq: 4 }), { maxLength: 4 }),
  'list<bool>': fc.array(fc.option(fc.boolean(), { freq: 4 }), { maxLength: 4 }),
  int64: anyInt64,
  messages: fc.array(fc.record({ role: anyText, content: fc.option(anyText, { freq: 4 }) }), {
    maxLength: 4,
  }) as fc.Arbitrary<ColumnValue>,
  'list<int64>': fc.array(fc.option(anyInt64, { freq: 4 }), { maxLength: 4 }),
  'list<list<bool>>': fc.array(fc.option(fc.array(fc.boolean(), { maxLength: 3 }), { freq: 4 }), {
    maxLength: 4,
  }),
  'struct<name: string, score: float64, __proto__: int32>': fc
    .tuple(fc.option(anyText), fc.option(anyFloat), fc.option(fc.integer()))
    .map(([name, score, proto]) =>
      Object.fromEntries([
        ['name', name],
        ['score', score],
        ['__proto__', proto],
      ]),
    ),
  'list<struct<tags: list<string>, id: int64>>': fc.array(
    fc.option(
      fc.record({
        tags: fc.option(fc.array(anyText, { maxLength: 2 }), { freq: 4 }),
        id: fc.option(anyInt64, { freq: 4 }),
      }),
      { freq: 4 },
    ),
    { maxLength: 3 },
  ) as fc.Arbitrary<ColumnValue>,
};

export interface Rows {
  columns: Column[];
  /** values[column][row], as they were given. */
  values: ColumnValue[][];
  rowCount: number;
  rows: RecordBatch;
}

/** One column of every type, nullable or not, 0 to `rowsMax` rows. */
export function anyRows(rowsMax = 40): fc.Arbitrary<Rows> {
  return fc
    .record({
      rowCount: fc.oneof({ weight: 1, arbitrary: fc.constant(0) }, { weight: 9, arbitrary: fc.nat(rowsMax) }),
      nullable: fc.tuple(...TYPES.map(() => fc.boolean())),
    })
    .chain(({ rowCount, nullable }) => {
      const columns = TYPES.map((type, at) => ({
        name: type,
        type,
        help: type,
        nullable: nullable[at]!,
      }));
      const values = columns.map((column) => {
        const value = column.nullable ? fc.option(VALUES[column.type], { freq: 3 }) : VALUES[column.type];
        return fc.array(value, { minLength: rowCount, maxLength: rowCount });
      });
      return fc
        .tuple(...values)
        .map((drawn) => ({ columns, values: drawn, rowCount, rows: buildRows(columns, drawn, rowCount) }));
    });
}

/** What comes back: lone surrogates have become U+FFFD, nothing else has changed. */
export function asStored(value: ColumnValue): ColumnValue {
  if (typeof value === 'string') return Buffer.from(value).toString();
  if (Array.isArray(value)) return value.map((element) => asStored(element as ColumnValue));
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, asStored(field)]));
  return value;
}

/** One drawn example with at least one row. */
export function exampleRows(seed = 3): Rows {
  const some = anyRows().filter(({ rowCount }) => rowCount > 0);
  return fc.sample(some, { numRuns: 1, seed })[0]!;
}

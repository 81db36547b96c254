import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { Schema } from 'apache-arrow';
import fc from 'fast-check';
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import { arrowField } from '../../../../src/arrow/arrowType.js';
import { buildRows } from '../../../../src/arrow/build.js';
import type { Column, ColumnType, ColumnValue } from '../../../../src/arrow/columnType.js';
import { sliceRows } from '../../../../src/arrow/concat.js';
import { encodeArrowSchema, parquetSchema } from '../../../../src/io/parquet/parquetSchema.js';
import { createShardEncoder } from '../../../../src/io/parquet/shardEncoder.js';
import { compressZstd, loadZstd } from '../../../../src/io/parquet/zstd.js';

/** Whole files against those that hyparquet-writer makes of the same values by itself. */

before(loadZstd);

const TEXTS = fc.oneof(
  fc.constantFrom('', 'a', 'ab', 'the same again and again', 'é', '😀', '\uFFFF'),
  fc.string({ maxLength: 60 }),
);
const VALUES: Record<string, fc.Arbitrary<ColumnValue>> = {
  string: TEXTS,
  int32: fc.oneof(fc.integer(), fc.integer({ min: -2, max: 2 })),
  int64: fc.oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.constantFrom(0n, 1n)),
  float64: fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.constantFrom<number>(0, -0, 0.5, 1),
  ),
  bool: fc.boolean(),
};
const orNull = (values: fc.Arbitrary<ColumnValue>): fc.Arbitrary<ColumnValue> =>
  fc.option(values, { freq: 4 });
const few = (values: fc.Arbitrary<ColumnValue>): fc.Arbitrary<ColumnValue> =>
  fc.array(values, { maxLength: 4 });
const NESTED: [ColumnType, fc.Arbitrary<ColumnValue>][] = [
  ['list<string>', few(VALUES['string']!)],
  ['list<float64>', few(orNull(VALUES['float64']!))],
  ['list<bool>', few(orNull(VALUES['bool']!))],
  ['list<list<int64>>', few(orNull(few(orNull(VALUES['int64']!))))],
  ['messages', few(fc.record({ role: TEXTS, content: orNull(TEXTS) }))],
  [
    'struct<a: string, b: list<int32>, c: struct<d: bool>>',
    fc.record({
      a: orNull(TEXTS),
      b: orNull(few(orNull(VALUES['int32']!))),
      c: orNull(fc.record({ d: orNull(fc.boolean()) })),
    }),
  ],
];
const TYPES = [...Object.entries(VALUES), ...NESTED] as [ColumnType, fc.Arbitrary<ColumnValue>][];

/** A column of any type, and values of it for so many rows. */
const columnOf = (rows: number) =>
  fc
    .tuple(fc.constantFrom(...TYPES), fc.boolean())
    .chain(([[type, values], nullable]) =>
      fc
        .array(nullable ? orNull(values) : values, { minLength: rows, maxLength: rows })
        .map((cells) => ({ type, nullable, cells })),
    );

const tables = fc
  .integer({ min: 1, max: 70 })
  .chain((rows) => fc.array(columnOf(rows), { minLength: 1, maxLength: 4 }));

/** What hyparquet-writer takes: bytes for texts, as strings have another order in its statistics only. */
function asItTakes(value: ColumnValue): unknown {
  if (typeof value === 'string') return new TextEncoder().encode(value);
  if (Array.isArray(value)) return (value as ColumnValue[]).map(asItTakes);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, asItTakes(each)]));
}

function fileByLibrary(
  columns: readonly Column[],
  cells: readonly ColumnValue[][],
  groupRows: number,
): Buffer {
  const schema = new Schema(columns.map(arrowField));
  const writer = new ByteWriter();
  const parquet = new ParquetWriter({
    writer,
    schema: parquetSchema(schema),
    codec: 'ZSTD',
    compressors: { ZSTD: (input) => compressZstd(input, 3) },
    kvMetadata: [{ key: 'ARROW:schema', value: encodeArrowSchema(schema) }],
    createdBy: 'scalequest',
  });
  const columnData = columns.map(({ name }, at) => ({ name, data: cells[at]!.map(asItTakes) }));
  void parquet.write({ columnData, rowGroupSize: groupRows });
  void parquet.finish();
  return Buffer.from(writer.getBytes());
}

function fileByUs(
  columns: readonly Column[],
  cells: readonly ColumnValue[][],
  groupRows: number,
  batchRows: number,
): Buffer {
  const rows = buildRows(columns, cells, cells[0]!.length);
  const encoder = createShardEncoder({
    ...{ schema: rows.schema, metadata: {}, rowGroupRows: groupRows, zstdLevel: 3 },
  });
  const pieces: Uint8Array[] = [];
  for (let from = 0; from < rows.numRows; from += batchRows)
    pieces.push(...encoder.write(sliceRows(rows, from, Math.min(rows.numRows, from + batchRows))));
  return Buffer.concat([...pieces, ...encoder.finish().bytes]);
}

test('columns of every type, with nulls, in slices: the file of hyparquet-writer, byte by byte', () => {
  const sizes = fc.tuple(fc.integer({ min: 1, max: 80 }), fc.integer({ min: 1, max: 80 }));
  fc.assert(
    fc.property(tables, sizes, (table, [groupRows, batchRows]) => {
      const columns = table.map(({ type, nullable }, at): Column => ({
        name: `c${at}`,
        type,
        nullable,
        help: '',
      }));
      const cells = table.map((column) => column.cells);
      assert.ok(
        fileByUs(columns, cells, groupRows, batchRows).equals(fileByLibrary(columns, cells, groupRows)),
      );
    }),
    { numRuns: 150 },
  );
});

test('several pages, with and without a dictionary, and lists over their borders', () => {
  const rows = 3000;
  const seqs = Array.from({ length: rows }, (_, at) => at);
  const long = (seq: number): string => `${seq} `.repeat(200);
  const columns: Column[] = [
    { name: 'text', type: 'string', help: '' },
    { name: 'lists', type: 'list<string>', help: '' },
    { name: 'label', type: 'string', help: '', nullable: true },
    { name: 'level', type: 'int32', help: '' },
    { name: 'often', type: 'list<float64>', help: '' },
  ];
  const cells: ColumnValue[][] = [
    seqs.map(long),
    seqs.map((seq) => seqs.slice(0, seq % 4).map((nth) => long(seq * 7 + nth))),
    seqs.map((seq) => (seq % 5 === 0 ? null : `label ${seq % 3}`)),
    seqs.map((seq) => seq % 17),
    seqs.map((seq) => Array.from({ length: 200 }, (_, nth) => (seq + nth) % 11)),
  ];
  for (const groupRows of [rows, 700])
    assert.ok(
      fileByUs(columns, cells, groupRows, 512).equals(fileByLibrary(columns, cells, groupRows)),
      `${groupRows}`,
    );
});

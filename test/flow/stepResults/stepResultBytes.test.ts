import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { buildRows } from '../../../src/arrow/build.js';
import type { Column, ColumnValue } from '../../../src/arrow/columnType.js';
import { columnValues } from '../../../src/arrow/read.js';
import type { RowEvent } from '../../../src/flow/rowEvents.js';
import { type StepResult, replayed } from '../../../src/flow/stepResults/stepResult.js';
import {
  NO_LINK,
  decodeStepResult,
  encodeStepResults,
} from '../../../src/flow/stepResults/stepResultBytes.js';
import { TYPES, VALUES, anyText } from '../../arrow/arbitraries.js';

const COLUMNS: readonly (Column & { type: keyof typeof VALUES })[] = TYPES.flatMap((type) => [
  { name: type, type, help: 'a column' },
  { name: `${type} or null`, type, help: 'a column', nullable: true },
]);

const events: fc.Arbitrary<RowEvent[]> = fc.array(
  fc.oneof(
    fc.record({
      ...{ kind: fc.constant('delta' as const), seq: fc.nat(), step: anyText },
      value: fc.oneof(
        fc.jsonValue({ noUnicodeString: false } as never),
        fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
      ),
    }),
    fc.record({
      ...{
        kind: fc.constantFrom('dropped' as const, 'rejected' as const),
        seq: fc.nat(),
        seqIndex: fc.nat(),
      },
      ...{
        step: anyText,
        reason: anyText,
        message: anyText,
        question: fc.option(anyText),
        reply: fc.option(anyText),
      },
    }),
  ),
  { maxLength: 5 },
);

const anyResult: fc.Arbitrary<StepResult> = fc
  .tuple(fc.integer({ min: 0, max: 9 }), fc.subarray([...COLUMNS]), fc.boolean(), events)
  .chain(([rowsIn, columns, isEvery, added]) => {
    const every = Array.from({ length: rowsIn }, (_, at) => at);
    const some =
      rowsIn === 0 ? fc.constant<number[]>([]) : fc.array(fc.nat({ max: rowsIn - 1 }), { maxLength: 12 });
    return (isEvery ? fc.constant(every) : some.map((indices) => indices.sort((a, b) => a - b))).chain(
      (from) => {
        const exactly = { minLength: from.length, maxLength: from.length };
        const values = columns.map(({ type, nullable }) =>
          fc.array<ColumnValue>(nullable ? fc.option(VALUES[type]) : VALUES[type], exactly),
        );
        return fc.tuple(...values).map((columnsOf) => ({
          ...{ rowsIn, from, events: added, stateBefore: rowsIn % 2 === 1 ? 'a hash' : undefined },
          written: columns.length > 0 ? buildRows(columns, columnsOf, from.length) : null,
        }));
      },
    );
  });

/** A step result as plain values; -0 stays apart from 0. */
function plain({ rowsIn, from, written, events: added, stateBefore }: StepResult): unknown {
  const columns = written?.schema.fields.map(({ name, type, nullable, metadata }) => [
    ...[name, `${type}`, nullable, [...metadata]],
    columnValues(written, name),
  ]);
  return {
    rowsIn,
    from: [...from],
    stateBefore,
    events: JSON.stringify(added),
    rows: written?.numRows,
    columns,
  };
}

function bytesOf(each: StepResult): Buffer {
  return encodeStepResults([each])[0]!.bytes;
}

test('a step result reads back as it was: row indices, columns of every type, zero rows, events', () => {
  fc.assert(
    fc.property(anyResult, (each) => {
      assert.deepEqual(plain(decodeStepResult(bytesOf(each)).result), plain(each));
    }),
    { numRuns: 500 },
  );
});

test('bytes at any offset of a larger buffer read alike', () => {
  const rows = buildRows([{ name: 'reward', type: 'float64', help: 'a column' }], [[-0, 1.5]], 2);
  const bytes = bytesOf({ rowsIn: 2, from: [0, 1], written: rows, events: [] });
  for (let offset = 0; offset < 9; offset++) {
    const moved = Buffer.alloc(bytes.length + offset);
    bytes.copy(moved, offset);
    const { result: read } = decodeStepResult(moved.subarray(offset));
    assert.ok(Object.is(columnValues(read.written!, 'reward')[0], -0));
  }
});

test('a record names the one before it, whoever wrote that; other rows have another name', () => {
  const every = (rowsIn: number): StepResult => ({
    ...{ rowsIn, from: Array.from({ length: rowsIn }, (_, at) => at), written: null, events: [] },
  });
  const records = encodeStepResults([every(4), every(4), every(4)]).map(({ bytes }) =>
    decodeStepResult(bytes),
  );
  assert.deepEqual(
    records.map(({ after }) => after),
    [NO_LINK, records[0]!.link, records[1]!.link],
  );
  assert.equal(new Set(records.map(({ link }) => link)).size, 3);
  const added = encodeStepResults([replayed(records[0]!.link), replayed(records[1]!.link), every(4)]);
  assert.deepEqual(
    added.map(({ step, bytes }) => [step, decodeStepResult(bytes).link]),
    [[2, records[2]!.link]],
  );
  const [fewer] = encodeStepResults([every(3)]);
  assert.notEqual(decodeStepResult(fewer!.bytes).link, records[0]!.link);
});

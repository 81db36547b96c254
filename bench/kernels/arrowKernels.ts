import { type Vector, vectorFromArray } from 'apache-arrow';
import { buildRows, rowsOf } from '../../src/arrow/build.js';
import { arrowType } from '../../src/arrow/arrowType.js';
import { concatRows, sliceRows } from '../../src/arrow/concat.js';
import { columnValues } from '../../src/arrow/read.js';
import { takeRows } from '../../src/arrow/take.js';
import { deriveUniform } from '../../src/random.js';
import type { Kernel, PreparedKernel } from './kernel.js';
import { COLUMNS, benchRows, benchValues } from './rows.js';

/** A record batch from JavaScript values, beside Arrow's own builders. */
export const build: Kernel = {
  name: 'build',
  unit: 'rows',
  count: 1024,
  prepare(count) {
    const values = benchValues(0, count);
    const { schema } = buildRows(COLUMNS, values, count);
    const fromArrays = () => {
      const children = COLUMNS.map(
        ({ type }, at) => (vectorFromArray(values[at]!, arrowType(type)) as Vector).data[0]!,
      );
      return rowsOf(schema, children, count);
    };
    return { run: () => buildRows(COLUMNS, values, count), rivals: { vectorFromArray: fromArrays } };
  },
};

export const take = takeKernel('take', 0.5);
export const takeFew = takeKernel('takeFew', 0.1);
export const takeMost = takeKernel('takeMost', 0.9);

/** A share of the rows of a record batch, drawn at random, beside the two ways that need no kernel. */
function takeKernel(name: string, share: number): Kernel {
  return { name, unit: 'rows', count: 1024, prepare };

  function prepare(count: number): PreparedKernel {
    const batch = benchRows(0, count);
    const kept = Array.from({ length: count }, (_, row) => row).filter(
      (row) => deriveUniform(1, 'kept', row) < share,
    );
    const rebuild = () => {
      const values = COLUMNS.map((column) => columnValues(batch, column.name));
      return buildRows(
        COLUMNS,
        values.map((column) => kept.map((row) => column[row]!)),
        kept.length,
      );
    };
    const slices = () => concatRows(kept.map((row) => sliceRows(batch, row, row + 1)));
    return {
      run: () => takeRows(batch, kept),
      rivals: { 'decode and rebuild': rebuild, 'slice and concat': slices },
    };
  }
}

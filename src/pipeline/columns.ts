import type { Column, ColumnType } from '../arrow/columnType.js';
import type { Plan, PlannedStep } from './plan.js';

export const SEQ_COLUMN: Column = { name: 'seq', type: 'int32', help: 'Position of the row in the source.' };

/** The columns of a row before the first step. */
export function sourceColumns(source: Plan['settings']['source']): Column[] {
  const declared = (source.jsonl ?? source.parquet)?.columns ?? {};
  return [
    SEQ_COLUMN,
    ...Object.entries(declared).map(([name, type]) => ({
      name,
      type: type as ColumnType,
      help: 'From the source.',
      nullable: true,
    })),
  ];
}

/** Columns after a step: what it writes replaces a column of the same name in place. */
export function columnsAfter(
  before: readonly Column[],
  step: Pick<PlannedStep, 'spec' | 'parsed'>,
): Column[] {
  const columns = [...before];
  for (const written of step.spec.writes(step.parsed)) {
    const at = columns.findIndex(({ name }) => name === written.name);
    if (at >= 0) columns[at] = written;
    else columns.push(written);
  }
  return columns;
}

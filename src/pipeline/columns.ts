import { type Column, SEQ_COLUMN } from '../arrow/columnType.js';
import { namedSources } from '../io/sources/registry.js';
import type { Plan, PlannedStep } from './plan.js';

/** The columns of a row before the first step. */
export function sourceColumns(source: Plan['settings']['source']): Column[] {
  const named = namedSources(source).map(({ format, options }) => format.describe(options).columns);
  return [SEQ_COLUMN, ...(named[0] ?? [])];
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

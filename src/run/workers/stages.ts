import { SEQ_COLUMN, SEQ_INDEX_COLUMN } from '../../arrow/columnType.js';
import type { PlannedStep } from '../../pipeline/plan.js';

/** Steps [first, end) of a plan. */
export interface Stage {
  first: number;
  end: number;
}

/**
 * The longest runs of row-wise steps that ask some model: what workers do. Without a model's replies to wait for, to send the
 * rows away costs more than to do the steps.
 */
export function stagesOf(steps: readonly PlannedStep[]): Stage[] {
  const stages: Stage[] = [];
  let first = 0;
  for (let at = 0; at <= steps.length; at++) {
    if (at < steps.length && steps[at]!.spec.isRowwise) continue;
    if (steps.slice(first, at).some(asksModel)) stages.push({ first, end: at });
    first = at + 1;
  }
  return stages;
}

function asksModel({ spec, parsed }: PlannedStep): boolean {
  return spec.models(parsed).length > 0;
}

/** What a step looks at beside what it reads: a row's identity, and what is told of a row that is lost. */
const ALWAYS = [SEQ_COLUMN.name, SEQ_INDEX_COLUMN.name, 'question', 'response', 'responses'];

/** Which of `columns` a worker needs for the steps [first, end). The first step of a pipeline looks at all of the source's. */
export function columnsNeeded(
  steps: readonly PlannedStep[],
  { first, end }: Stage,
  columns: readonly string[],
): string[] {
  if (first === 0) return [...columns];
  const read = steps
    .slice(first, end)
    .flatMap(({ spec, parsed, uses }) => [...Object.keys(spec.reads(parsed)), ...uses]);
  return columns.filter((name) => ALWAYS.includes(name) || read.includes(name));
}

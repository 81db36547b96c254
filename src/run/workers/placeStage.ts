import type { RecordBatch } from 'apache-arrow';
import { selectColumns } from '../../arrow/columns.js';
import type { Batch, BatchOperator } from '../../flow/batch.js';
import { orderedMap } from '../../flow/orderedMap.js';
import { applyStepResults } from '../../flow/stepResults/replayStepResults.js';
import type { StepResult } from '../../flow/stepResults/stepResult.js';
import { countsOf } from '../../flow/steps/applyOutcomes.js';
import type { StepCounts } from '../../flow/steps/outcome.js';
import type { Plan } from '../../pipeline/plan.js';
import type { Unit } from '../../workers/dispatcher.js';
import { type Stage, columnsNeeded } from './stages.js';

export interface PlaceDeps {
  /** Has a unit done, here or elsewhere. */
  run(unit: Unit): Promise<readonly StepResult[]>;
  /** Whether the run caches the results of these steps. */
  isCached: boolean;
  onCounts?: ((step: string, counts: StepCounts) => void) | undefined;
}

/**
 * Stands in the stream for the steps of a stage, which are done elsewhere. Their results come back, and are applied here to the
 * batch that was held meanwhile: only what the steps read goes out, and only what they wrote comes in.
 */
export function placeStage(plan: Plan, stage: Stage, deps: PlaceDeps): BatchOperator {
  const { run, isCached, onCounts } = deps;
  const labels = plan.steps.map(({ label }) => label);

  async function place(batch: Batch, first: number, isStopped: () => boolean): Promise<Batch> {
    const unit = { lo: batch.lo, first, end: stage.end };
    const results = await run({ ...unit, rows: rowsNeeded(plan, unit, batch.rows) });
    if (isStopped()) return batch;
    for (const [at, result] of results.entries()) onCounts?.(labels[first + at]!, countsOf(result));
    const before = batch.stepResults;
    return {
      ...batch,
      rows: applyStepResults(batch.rows, results),
      events: [...batch.events, ...results.flatMap(({ events }) => events)],
      ...(isCached && before?.length === first ? { stepResults: [...before, ...results] } : {}),
      ...(isCached && before === undefined && first === 0 ? { stepResults: results } : {}),
    };
  }

  return orderedMap(labels.slice(stage.first, stage.end).join(', '), (batch, isStopped) => {
    // The store had the results of the first steps, or of all.
    const first = Math.max(stage.first, batch.stepResults?.length ?? 0);
    return first >= stage.end ? batch : place(batch, first, isStopped);
  });
}

function rowsNeeded({ steps }: Plan, stage: Stage, rows: RecordBatch): RecordBatch {
  const names = rows.schema.fields.map(({ name }) => name);
  return selectColumns(rows, columnsNeeded(steps, stage, names));
}

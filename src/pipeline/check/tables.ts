import { resolve } from 'node:path';
import type { Table } from '../../arrow/table.js';
import { ScaleQuestError } from '../../errors.js';
import type { RunContext, TableNeed } from '../../operators/lib/operator.js';
import type { CheckDeps } from './checkDeps.js';
import { type PipelineDocument, problem } from '../document.js';
import { hashOf } from '../hash.js';
import type { PlannedStep, Tables } from '../plan.js';
import type { StepEntry } from './readSteps.js';

type NamedTable = Pick<TableNeed, 'path' | 'columns'>;

function keyOf({ path, columns }: NamedTable): string {
  return JSON.stringify([path, Object.entries(columns)]);
}

/** Reads the tables that the steps need, each once. A mistake is a problem at the key that names the file or the column. */
export async function loadTables(
  document: PipelineDocument,
  entries: readonly StepEntry[],
  folder: string,
  { tables: read, exists, isPending }: Pick<CheckDeps, 'tables' | 'exists' | 'isPending'>,
  problems: ScaleQuestError[],
): Promise<Tables> {
  const tables = new Map<string, Table>();
  for (const { index, step } of entries) {
    for (const need of step?.spec.tables?.(step.parsed) ?? []) {
      const key = ['steps', index, step!.spec.name, ...need.at];
      const file = resolve(folder, need.path);
      if (!exists(file) && isPending?.(file, 'other')) continue;
      try {
        const found = tables.get(keyOf(need)) ?? (await read(file, need.columns, need.memoryMiB));
        tables.set(keyOf(need), found);
        const fault = need.fault(found);
        if (!fault) continue;
        problems.push(problem('ERR_DATA_INVALID', document.at([...key, ...fault.at]), fault.message));
      } catch (error) {
        if (!(error instanceof ScaleQuestError)) throw error;
        const at = document.at([...key, ...need.placeOf(error.data['column'])]);
        problems.push(problem(error.code, at, error.message));
      }
    }
  }
  return tables;
}

/** As operators are given them. */
export function tablesFrom(tables: Tables): NonNullable<RunContext['table']> {
  return (path, columns) => {
    const found = tables.get(keyOf({ path, columns }));
    if (found) return found;
    throw new ScaleQuestError('ERR_INVARIANT', `${path} was not read when the pipeline was checked`);
  };
}

/** A hash of a step's tables: other values draw otherwise. Undefined for a step without any. */
export function tablesHash({ spec, parsed }: PlannedStep, tables: Tables): string | undefined {
  const needs = spec.tables?.(parsed) ?? [];
  return needs.length === 0 ? undefined : hashOf(needs.map((need) => tables.get(keyOf(need))?.hash));
}

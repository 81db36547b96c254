import { resolve } from 'node:path';
import { ScaleQuestError } from '../../errors.js';
import type { RunContext } from '../../operators/lib/operator.js';
import type { CheckDeps } from './checkDeps.js';
import { type PipelineDocument, problem } from '../document.js';
import { hashOf } from '../hash.js';
import type { PlannedStep, Texts } from '../plan.js';
import type { StepEntry } from './readSteps.js';

function keyOf(path: string, column: string): string {
  return JSON.stringify([path, column]);
}

/** Reads the texts that the steps need, each once. A mistake is a problem at the key that names the file or the column. */
export async function loadTexts(
  document: PipelineDocument,
  entries: readonly StepEntry[],
  folder: string,
  { texts: read, exists, isPending }: Pick<CheckDeps, 'texts' | 'exists' | 'isPending'>,
  problems: ScaleQuestError[],
): Promise<Texts> {
  const texts = new Map<string, readonly string[]>();
  for (const { index, step } of entries) {
    for (const { path, column, at: keys } of step?.spec.texts?.(step.parsed) ?? []) {
      const key = ['steps', index, step!.spec.name, ...keys];
      const file = resolve(folder, path);
      if (!exists(file) && isPending?.(file, 'other')) continue;
      try {
        const found = texts.get(keyOf(path, column)) ?? (await read(file, column));
        texts.set(keyOf(path, column), found);
        if (found.length > 0) continue;
        const message = `found no row in ${file}, expected at least one question`;
        problems.push(problem('ERR_DATA_INVALID', document.at([...key, 'path']), message));
      } catch (error) {
        if (!(error instanceof ScaleQuestError)) throw error;
        const at = document.at([...key, 'column' in error.data ? 'column' : 'path']);
        problems.push(problem(error.code, at, error.message));
      }
    }
  }
  return texts;
}

/** As operators are given them. */
export function textsFrom(texts: Texts): NonNullable<RunContext['texts']> {
  return (path, column) => {
    const found = texts.get(keyOf(path, column));
    if (found) return found;
    throw new ScaleQuestError(
      'ERR_INVARIANT',
      `the column ${column} of ${path} was not read when the pipeline was checked`,
    );
  };
}

/** A hash for each of a step's texts, in its order: other texts decide otherwise. Undefined for a step without any. */
export function textHashes({ spec, parsed }: PlannedStep, texts: Texts): string[] | undefined {
  return spec.texts?.(parsed).map(({ path, column }) => hashOf(texts.get(keyOf(path, column))));
}

import { z } from 'zod';
import type { ColumnType } from '../../arrow/columnType.js';
import type { Row } from '../../flow/outcome.js';
import type { ModelNeed } from './operator.js';

/** The option of steps that may leave the questions of some generators alone, as ScaleQuest's difficulty filter does. */
export const generatorsOption = z
  .array(z.string())
  .min(1)
  .optional()
  .describe(
    'Only questions of these generators, names from `models`; the others pass as they are. All if absent.',
  );

type Generators = readonly string[] | undefined;

export function generatorReads(generators: Generators): Record<string, ColumnType> {
  return generators ? { generator: 'string' } : {};
}

/** So that a name that no model has is found at `check`. */
export function generatorNeeds(generators: Generators = []): ModelNeed[] {
  return generators.map((model, index) => ({ model, needs: 'named', at: ['generators', index] }));
}

export function isMeant(generators: Generators, row: Row): boolean {
  return generators === undefined || generators.includes(row['generator'] as string);
}

import { z } from 'zod';
import type { NoColumns } from '../../flow/steps/columnTypes.js';
import type { ModelNeed } from './operator.js';

/** An option for steps that may skip the questions of some generators, as ScaleQuest's difficulty filter does. */
export const generatorsOption = z
  .array(z.string())
  .min(1)
  .optional()
  .describe(
    'Only questions of these generators, names from `models`; the others pass as they are. All if absent.',
  );

type Generators = readonly string[] | undefined;

/** The column with the name of the generator; it is read where the option is given. */
export type GeneratorRead<Given> = Given extends undefined ? NoColumns : { generator: string };

export function generatorReads(generators: Generators): { generator?: 'string' } {
  return generators ? { generator: 'string' } : {};
}

/** Declares the names as models, so that `check` finds a name that no model has. */
export function generatorNeeds(generators: Generators = []): ModelNeed[] {
  return generators.map((model, index) => ({ model, needs: 'named', at: ['generators', index] }));
}

export function isMeant(generators: Generators, row: { generator?: string }): boolean {
  return generators === undefined || generators.includes(row.generator!);
}

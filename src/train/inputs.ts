import { createHash } from 'node:crypto';
import type { TrainingPlaces } from './command.js';
import type { TrainingData } from './data.js';
import { type Training, labelOf } from './schema.js';

/** Hash of what decides a trained model: the rows and the settings, but not when it is due or how long it may take. */
export function inputsHash(
  training: Training,
  { name, seed }: Pick<TrainingPlaces, 'name' | 'seed'>,
  data: TrainingData['parts'],
): string {
  const { trl, command, output, export: exported } = training;
  const { program: _, ...recipe } = trl ?? {};
  const value = { label: labelOf(training), recipe, command, output, exported, name, seed, data };
  return createHash('sha256').update(JSON.stringify(value, byKey)).digest('hex');
}

/** Equal values in any order of keys are the same. */
function byKey(_: string, item: unknown): unknown {
  if (item === null || typeof item !== 'object' || Array.isArray(item)) return item;
  return Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)));
}

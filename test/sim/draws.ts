import { deriveSeed } from '../../src/random.js';

/** Chance for a simulation: as many streams as there are names, each its own, all from one seed. */
export interface Draws {
  /** Uniform in [0, 1). */
  uniform(): number;
  /** A whole number from `min` to `max`. */
  whole(min: number, max: number): number;
  /** True with this probability. */
  chance(probability: number): boolean;
  pick<T>(items: readonly T[]): T;
  /** Another stream, which does not depend on how much was drawn from this one. */
  stream(name: string): Draws;
}

export function createDraws(seed: number, name = 'sim'): Draws {
  let drawn = 0;
  const uniform = (): number => deriveSeed(seed, name, drawn++) / 2 ** 32;
  const whole = (min: number, max: number): number => min + Math.floor(uniform() * (max - min + 1));
  return {
    uniform,
    whole,
    chance: (probability) => uniform() < probability,
    pick: (items) => items[whole(0, items.length - 1)]!,
    stream: (sub) => createDraws(seed, `${name} ${sub}`),
  };
}

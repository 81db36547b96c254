import { deriveUniform } from '../../src/random.js';

/** Draws of one pair, all from (seed, kind, number of the pair). */
export interface Draw {
  /** A whole number from `low` to `high`. */
  whole: (low: number, high: number) => number;
  /** Any whole number of that range but 0 and `not`. */
  other: (low: number, high: number, not?: number) => number;
  pick: <Item>(items: readonly Item[]) => Item;
  shuffle: <Item>(items: readonly Item[]) => Item[];
}

export function createDraw(seed: number, kind: string, at: number): Draw {
  let draws = 0;
  const uniform = (): number => deriveUniform(seed, `grade ${kind}`, at, ++draws);
  const whole = (low: number, high: number): number => low + Math.floor(uniform() * (high - low + 1));
  return {
    whole,
    other(low, high, not = 0) {
      for (;;) {
        const value = whole(low, high);
        if (value !== 0 && value !== not) return value;
      }
    },
    pick: (items) => items[whole(0, items.length - 1)]!,
    shuffle(items) {
      const left = [...items];
      return items.map(() => left.splice(whole(0, left.length - 1), 1)[0]!);
    },
  };
}

export function gcd(a: number, b: number): number {
  return b === 0 ? Math.abs(a) : gcd(b, a % b);
}

/** `\frac{a}{b}` with its sign in front, in lowest terms. */
export function fraction(over: number, under: number): string {
  const common = gcd(over, under);
  const [a, b] = [Math.abs(over) / common, Math.abs(under) / common];
  const sign = over * under < 0 ? '-' : '';
  return b === 1 ? `${sign}${a}` : `${sign}\\frac{${a}}{${b}}`;
}

/** `3x^2 - x + 1` from its coefficients, the highest power first. */
export function polynomial(coefficients: readonly number[], name = 'x'): string {
  const degree = coefficients.length - 1;
  const terms = coefficients.flatMap((coefficient, at) => {
    if (coefficient === 0) return [];
    const power = degree - at;
    const letters = power === 0 ? '' : power === 1 ? name : `${name}^{${power}}`;
    const size = Math.abs(coefficient);
    const factor = size === 1 && letters ? '' : `${size}`;
    return [`${coefficient < 0 ? '-' : '+'}${factor}${letters}`];
  });
  return terms.join('').replace(/^\+/, '') || '0';
}

/** `+3` or `-3`. */
export function signed(value: number): string {
  return value < 0 ? `${value}` : `+${value}`;
}

export function grouped(value: number, comma = ','): string {
  return `${value}`.replace(/\B(?=(\d{3})+$)/g, comma);
}

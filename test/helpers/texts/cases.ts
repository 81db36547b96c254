/**
 * How many random cases a property is tried with: `inGate` in `npm test`, `all` in `npm run test:slow` and
 * `npm run test:mutants`. They are others at every run, but where a seed is given.
 */
export function cases(inGate: number, all: number): number {
  return process.env['ALL_CASES'] ? all : inGate;
}

import type { OperatorSpec } from '../operators/lib/operator.js';

/** Names for what no default fills in. */
const INPUTS = [
  {},
  { model: 'x' },
  { model: 'x', prompt: 'x' },
  { path: 'x' },
  { sandbox: 'x' },
  { generators: [{ model: 'x' }] },
  { benchmarks: [{ path: 'x' }] },
  { columns: { x: { list: ['x'] } } },
  { charsMin: 1 },
  { model: 'x', criteria: [{ name: 'x', description: 'x', scale: [1, 5] }] },
  { model: 'x', columns: ['x', 'y'] },
];

/**
 * Options of an operator with its defaults: for its columns, where a file gives none or has a mistake in them. Undefined for an operator
 * of others, which then tells the names that it declares.
 */
export function sampleOptions(spec: OperatorSpec): unknown {
  if (spec.origin) return undefined;
  const results = INPUTS.map((input) => spec.options.safeParse(input));
  return results.find(({ success }) => success)!.data;
}

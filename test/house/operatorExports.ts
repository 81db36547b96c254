import { OPERATOR_NAMES } from '../../src/operators/registry.js';
import { betweenMarks } from './betweenMarks.js';

const MARKS = [
  '// Printed from src/operators/registry.ts by `npm run docs`: an operator and its public types.',
  '// End of the printed exports.',
] as const;

/** The width at which prettier breaks a line. */
const COLUMNS_MAX = 110;

/** `src/index.ts` with the exports of every registered operator: its function, and the types that its file exports. */
export function withOperatorExports(index: string, sourceOf: (operator: string) => string): string {
  const exported = OPERATOR_NAMES.map((name) => printExport(name, sourceOf(name)));
  return betweenMarks(index, MARKS, exported.filter((line) => line !== '').join('\n'));
}

/** Nothing for `custom`, which exists in pipeline files only. */
function printExport(name: string, source: string): string {
  if (!new RegExp(String.raw`^export (function|const) ${name}\b`, 'm').test(source)) return '';
  const types = [...source.matchAll(/^export (?:interface|type) (\w+)/gm)].map(([, type]) => type!);
  const items = [...types.sort().map((type) => `type ${type}`), name];
  const from = `from './operators/${name}.js';`;
  const line = `export { ${items.join(', ')} } ${from}`;
  if (line.length <= COLUMNS_MAX) return line;
  return ['export {', ...items.map((item) => `  ${item},`), `} ${from}`].join('\n');
}

import type { Training } from './schema.js';

/** What `report.json` says of a finished run, as far as conditions ask. */
export interface ReportFigures {
  rowsIn: number;
  rowsKept: number;
  figures: Readonly<Record<string, unknown>>;
  /** Of the kept rows; null where the set has no reward. */
  rewardMean: number | null;
}

/** Why a training is not launched, a line each: what was found and what `when` asks for. Empty if it may be. */
export function unmetConditions(when: Training['when'], report: ReportFigures): string[] {
  const { rowsIn, rowsKept, rewardMean, figures } = report;
  const share = rowsIn === 0 ? 0 : rowsKept / rowsIn;
  return [
    ...atLeast('rowsMin: rows kept', rowsKept, when.rowsMin),
    ...atLeast('keptShareMin: share kept', share, when.keptShareMin),
    ...atLeast('rewardMeanMin: mean reward', rewardMean, when.rewardMeanMin),
    ...Object.entries(when.figuresMin).flatMap(([path, bound]) =>
      atLeast(`figuresMin: ${path}`, figureAt(figures, path), bound),
    ),
    ...Object.entries(when.figuresMax).flatMap(([path, bound]) =>
      atMost(`figuresMax: ${path}`, figureAt(figures, path), bound),
    ),
  ];
}

function atLeast(name: string, found: number | null, bound: number | undefined): string[] {
  if (bound === undefined || (found !== null && found >= bound)) return [];
  return [`${name} ${printed(found)}, expected at least ${bound}`];
}

function atMost(name: string, found: number | null, bound: number): string[] {
  if (found !== null && found <= bound) return [];
  return [`${name} ${printed(found)}, expected at most ${bound}`];
}

function printed(found: number | null): string {
  if (found === null) return 'is not in the report';
  return Number.isInteger(found) ? String(found) : found.toFixed(4);
}

/** `decontaminate.gsm8k.cleanShare`; names may hold dots themselves. */
function figureAt(value: unknown, path: string): number | null {
  if (path === '') return typeof value === 'number' ? value : null;
  if (value === null || typeof value !== 'object') return null;
  for (const [name, inner] of Object.entries(value)) {
    if (path !== name && !path.startsWith(`${name}.`)) continue;
    const found = figureAt(inner, path.slice(name.length + 1));
    if (found !== null) return found;
  }
  return null;
}

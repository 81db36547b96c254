import type { Figures, FiguresFold } from '../../operators/lib/operator.js';
import { ScaleQuestError } from '../../errors.js';
import type { Plan } from '../../pipeline/plan.js';
import type { FunnelStep, Report } from './report.js';
import { textsFrom } from '../../pipeline/check/texts.js';

/**
 * What makes the figures of the steps that have some, by their labels. Each is given the committed state deltas of its step, so that
 * they are the same whether the run was interrupted or not.
 */
export function figuresFolds(plan: Pick<Plan, 'steps' | 'texts'>): Map<string, FiguresFold> {
  const texts = textsFrom(plan.texts);
  return new Map(
    plan.steps.flatMap(({ label, spec, parsed }): [string, FiguresFold][] => {
      const fold = spec.figures?.(parsed, { texts });
      return fold ? [[label, fold]] : [];
    }),
  );
}

/** Step → its figures. */
export function figuresOf(
  folds: ReadonlyMap<string, FiguresFold>,
  funnel: readonly FunnelStep[],
): Record<string, Figures> {
  return Object.fromEntries([...folds].map(([label, fold]) => [label, fold.end(lostBefore(label, funnel))]));
}

function lostBefore(label: string, funnel: readonly FunnelStep[]): Record<string, number> {
  const before = funnel.slice(
    0,
    funnel.findIndex(({ step }) => step === label),
  );
  return Object.fromEntries(
    before.flatMap(({ step, dropped, rejected }) =>
      [...Object.entries(dropped), ...Object.entries(rejected)].map(([why, rows]) => [
        `${step} ${why}`,
        rows,
      ]),
    ),
  );
}

/** An evaluation of nothing must not look like a result: the error for a measuring step without a row, or null. */
export function nothingMeasured(plan: Pick<Plan, 'steps'>, report: Report): ScaleQuestError | null {
  const measuring = plan.steps.filter(({ spec }) => spec.measures).map(({ label }) => label);
  const empty = measuring.find((label) => report.funnel.find(({ step }) => step === label)?.rowsIn === 0);
  if (empty === undefined) return null;
  const lost = Object.entries(lostBefore(empty, report.funnel)).map(([why, rows]) => `${why} ${rows}`);
  const why =
    report.rowsIn === 0
      ? 'the source has no row'
      : `of ${report.rowsIn} rows none came to it (${lost.join(', ')})`;
  return new ScaleQuestError(
    'ERR_NOTHING_MEASURED',
    `${empty} has measured nothing: ${why}. Expected at least one row; see the table of steps, and what the source holds.`,
    { data: { step: empty, rowsIn: report.rowsIn } },
  );
}

/** `decontaminate  gsm8k: rows 1319, rowsHit 1, cleanShare 0.9992`, a line for each group of figures. */
export function printFigures(figures: Readonly<Record<string, Figures>>): string[] {
  return Object.entries(figures).flatMap(([step, own]) => {
    const plain = Object.entries(own).filter(([, value]) => typeof value !== 'object');
    const groups = Object.entries(own).filter(([, value]) => typeof value === 'object');
    return [
      ...(plain.length > 0 ? [`${step}  ${printGroup(Object.fromEntries(plain))}`] : []),
      ...groups.map(([name, group]) => `${step}  ${name}: ${printGroup(group as Figures)}`),
    ];
  });
}

function printGroup(figures: Figures): string {
  return Object.entries(figures)
    .map(([name, value]) =>
      typeof value === 'object' ? `${name} (${printGroup(value)})` : `${name} ${printed(value)}`,
    )
    .join(', ');
}

function printed(value: string | number): string {
  return typeof value === 'string' || Number.isInteger(value) ? String(value) : value.toFixed(4);
}

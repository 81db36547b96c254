import { TARGET_STEP } from '../../../flow/commitShards.js';
import type { Threshold } from '../../../operators/lib/operator.js';
import { GRID_MAX, type WhatIfControl } from '../../../page/report/whatIf.js';
import type { Plan } from '../../../pipeline/plan.js';
import type { FunnelStep } from '../report.js';
import { niceStep } from './bins.js';

/** A threshold of a step of this plan. */
export interface PlannedThreshold extends Threshold {
  step: string;
  stepAt: number;
  /** Its column is in the set, and no later step writes it anew. */
  isColumnKept: boolean;
}

/** The thresholds that the steps of a plan have, in the order of the steps. */
export function thresholdsOf({ steps, columns }: Pick<Plan, 'steps' | 'columns'>): PlannedThreshold[] {
  return steps.flatMap(({ label, spec, parsed }, stepAt) => {
    const later = steps
      .slice(stepAt + 1)
      .flatMap((step) => step.spec.writes(step.parsed).map(({ name }) => name));
    return (spec.thresholds?.(parsed) ?? []).map((threshold) => ({
      ...{ ...threshold, step: label, stepAt },
      isColumnKept:
        columns.some(({ name }) => name === threshold.column) && !later.includes(threshold.column!),
    }));
  });
}

/** The number at the end of a message, and half of what its last decimal counts: `difficulty 0.1234`. Null where there is none. */
export function numberIn(message: string): { value: number; half: number } | null {
  const [, text, decimals = ''] = /(?:^|\s)(-?\d+(?:\.(\d+))?(?:e[+-]?\d+)?)$/.exec(message) ?? [];
  return text === undefined ? null : { value: Number(text), half: 0.5 / 10 ** decimals.length };
}

/** Values that a slider offers: round ones over all numbers, and the one that applies. */
export function gridOf(
  { value, range, isWhole = false }: Pick<Threshold, 'value' | 'range' | 'isWhole'>,
  numbers: readonly number[],
): number[] {
  const known = [...numbers, ...(value === null ? [] : [value])].filter(Number.isFinite);
  let [low, high] = [Infinity, -Infinity];
  for (const each of known) {
    low = Math.min(low, each);
    high = Math.max(high, each);
  }
  low = range[0] ?? low;
  high = range[1] ?? high;
  if (!(high >= low)) return [];
  const step = high === low || (isWhole && known.every(Number.isInteger)) ? 1 : niceStep((high - low) / 100);
  const first = Math.floor(low / step);
  const count = Math.min(GRID_MAX - 2, Math.ceil(high / step) - first + 1);
  const round = Array.from({ length: count }, (_, at) => Number(((first + at) * step).toPrecision(12)));
  const inRange = round.filter((each) => each >= (range[0] ?? -Infinity) && each <= (range[1] ?? Infinity));
  return [...new Set([...inRange, ...(value === null ? [] : [value])])].sort((a, b) => a - b);
}

/** What a page must know of a threshold to judge other values of it. */
export function controlOf(
  threshold: PlannedThreshold,
  {
    steps,
    funnel,
    grid,
    hasKeptValues,
  }: {
    steps: Plan['steps'];
    funnel: readonly FunnelStep[];
    grid: readonly number[];
    hasKeptValues: boolean;
  },
): WhatIfControl {
  const {
    step,
    stepAt,
    option,
    title = option,
    meaning,
    keeps,
    value,
    isOnly,
    column,
    grades = [],
  } = threshold;
  const none = keeps === 'atLeast' ? -1 : grid.length;
  const later = steps.slice(stepAt + 1);
  const wentOn = funnel.find((each) => each.step === step)?.kept ?? 0;
  const kept = funnel.at(-1)?.kept ?? 0;
  return {
    ...{ step, option, title, meaning, keeps, grid, grades, stepAt, hasKeptValues },
    at: value === null ? none : grid.indexOf(value),
    isAlwaysAbout: column === null,
    // A step that is its own comparison with other rows may let other rows pass.
    isTighteningExact: column !== null && later.every(({ spec }) => spec.isRowwise === true),
    isLooseningExact: column !== null && isOnly && later.length === 0,
    survival: wentOn > 0 ? Math.min(1, kept / wentOn) : 1,
  };
}

/** Codes of errors that stored replies give again. */
const LASTING = ['ROW_UNCLEAR', 'ROW_VALUE_MISSING'];

/** Why no count of a run can be exact; null where one can. */
export function whyNeverExact(
  plan: Pick<Plan, 'settings' | 'steps'>,
  funnel: readonly FunnelStep[],
): string | null {
  const asks = plan.steps.some(({ spec, parsed }) =>
    spec.models(parsed).some(({ needs }) => needs !== 'named'),
  );
  if (asks && plan.settings.store === 'none')
    return 'Replies are not stored (`store: none`): another run may get other ones.';
  const codes = funnel.flatMap(({ rejected, leftOut }) => [
    ...Object.keys(rejected),
    ...Object.keys(leftOut),
  ]);
  if (codes.some((code) => !LASTING.includes(code)))
    return 'Errors rejected rows or choices that another run may get answered.';
  if (funnel.some(({ step }) => step === TARGET_STEP))
    return 'Rows beyond the target were cut off, and some may come back.';
  return null;
}

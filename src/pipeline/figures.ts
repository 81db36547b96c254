import type { Figures, RunContext } from '../operators/operator.js';
import type { Plan } from './plan.js';
import { textsFrom } from './texts.js';

/** Labels of the steps that have figures of their own: what they learnt must be read for the report. */
export function stepsWithFigures(plan: Pick<Plan, 'steps'>): string[] {
  return plan.steps.filter(({ spec }) => spec.figures).map(({ label }) => label);
}

/** Step → its figures, from what its commits say it learnt: the same whether the run was interrupted or not. */
export function figuresOf(plan: Plan, learnt: NonNullable<RunContext['restored']>): Record<string, Figures> {
  return Object.fromEntries(
    plan.steps.flatMap(({ label, spec, parsed }) => {
      const texts = textsFrom(plan.texts);
      return spec.figures ? [[label, spec.figures(parsed, learnt(label), { texts })]] : [];
    }),
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

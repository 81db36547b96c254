import type { ModelConfig } from '../../../backends/registry.js';
import type { ScaleQuestError } from '../../../errors.js';
import { type PipelineDocument, problem } from '../../document.js';
import { own } from '../../own.js';
import type { Plan } from '../../plan.js';
import type { StepEntry } from '../readSteps.js';

/** A budget that cannot be held: of a currency in which nothing is paid, or with models whose price nobody knows. */
export function checkBudget(
  document: PipelineDocument,
  { budget }: Pick<Plan['settings'], 'budget'>,
  models: Readonly<Record<string, ModelConfig>>,
  entries: readonly StepEntry[],
  problems: ScaleQuestError[],
): void {
  if (!budget) return;
  const find = (path: readonly string[], message: string): void =>
    void problems.push(problem('ERR_PIPELINE_INVALID', document.at(path), message));
  const hasNone = (limits: object | undefined): boolean =>
    limits !== undefined && Object.keys(limits).length === 0;
  if (hasNone(budget) || hasNone(budget.money))
    return find(['budget'], 'found no limit, expected one of money, tokens, requests, gpuHours, wallHours');
  const asked = askedModels(models, entries);
  if (budget.gpuHours !== undefined && !asked.some(([, { gpus }]) => gpus !== undefined))
    find(
      ['budget', 'gpuHours'],
      'found a limit on GPU hours, but no model that is asked has `gpus`: none would be counted',
    );
  if (budget.money) checkMoney(budget.money, asked, find);
}

function checkMoney(
  money: Readonly<Record<string, number>>,
  asked: readonly [string, ModelConfig][],
  find: (path: readonly string[], message: string) => void,
): void {
  const paid = [...new Set(asked.flatMap(([, { price }]) => price?.currency ?? []))];
  for (const currency of Object.keys(money)) {
    if (paid.includes(currency)) continue;
    const found = paid.length > 0 ? `their currencies are ${paid.join(', ')}` : 'none of them has a price';
    find(
      ['budget', 'money', currency],
      `found a limit in ${currency}, expected the currency of a model that is asked; ${found}`,
    );
  }
  for (const [name, { price }] of asked) {
    if (!price)
      find(
        ['models', name],
        'found no `price`, expected one: budget.money cannot count what this model costs. 0 is a price',
      );
    else if (!Object.hasOwn(money, price.currency))
      find(
        ['models', name, 'price', 'currency'],
        `found ${price.currency}, in which budget.money has no limit; amounts of two currencies are not added up`,
      );
  }
}

function askedModels(
  models: Readonly<Record<string, ModelConfig>>,
  entries: readonly StepEntry[],
): [string, ModelConfig][] {
  const names = entries.flatMap(({ step }) =>
    step ? step.spec.models(step.parsed).map(({ model }) => model) : [],
  );
  return [...new Set(names)].flatMap((name): [string, ModelConfig][] => {
    const config = own(models, name);
    return config ? [[name, config]] : [];
  });
}

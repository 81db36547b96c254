import { describe, it } from 'node:test';
import { testsOf } from '../../../helpers/texts/checkCases.js';

const AT = 'replicas: ["http://127.0.0.1:9/v1"], model: m';

function withBudget(budget: string, more = ''): string {
  return [
    'name: broken',
    'limit: 8',
    `budget: ${budget}`,
    'models:',
    `  m: { openai: { ${AT} }, template: chatml${more} }`,
    `  idle: { openai: { ${AT} }, template: chatml, price: { currency: CHF, in: 1, out: 1 } }`,
    'steps:',
    '  - generate: { generators: [{ model: m }] }',
    '',
  ].join('\n');
}

const EUR = ', price: { currency: EUR, in: 1, out: 2 }';

describe('budget', () => {
  const tests = testsOf([
    [
      'a currency in which no model that is asked has a price',
      withBudget('{ money: { CHF: 5, EUR: 5 } }', EUR),
      ['ERR_PIPELINE_INVALID', '3:25', 'budget.money.CHF', /limit in CHF.*their currencies are EUR$/],
    ],
    [
      'money of a model without a price',
      withBudget('{ money: { USD: 5 } }'),
      ['ERR_PIPELINE_INVALID', '3:25', 'budget.money.USD', /none of them has a price/],
      ['ERR_PIPELINE_INVALID', '5:6', 'models.m', /found no `price`/],
    ],
    [
      'a second currency without a limit',
      withBudget('{ money: { USD: 5 } }', EUR),
      ['ERR_PIPELINE_INVALID', '3:25', 'budget.money.USD', /their currencies are EUR/],
      ['ERR_PIPELINE_INVALID', '5:104', 'models.m.price.currency', /found EUR, in which budget.money has no/],
    ],
    [
      'GPU hours of nobody',
      withBudget('{ gpuHours: 5 }'),
      ['ERR_PIPELINE_INVALID', '3:21', 'budget.gpuHours', /no model that is asked has `gpus`/],
    ],
    ['nothing', withBudget('{}'), ['ERR_PIPELINE_INVALID', '3:9', 'budget', /found no limit/]],
    [
      'no currency',
      withBudget('{ money: {} }', EUR),
      ['ERR_PIPELINE_INVALID', '3:9', 'budget', /found no limit/],
    ],
    [
      'negative money',
      withBudget('{ money: { EUR: -5 } }', EUR),
      ['ERR_PIPELINE_INVALID', '3:25', 'budget.money.EUR', /found -5/],
    ],
    [
      'half a request',
      withBudget('{ requests: 0.5 }'),
      ['ERR_PIPELINE_INVALID', '3:21', 'budget.requests', /found 0.5/],
    ],
  ]);
  for (const [name, check] of tests) it(name, check);
});

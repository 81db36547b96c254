import { describe, it } from 'node:test';
import { testsOf, withTop } from '../helpers/texts/checkCases.js';

const AT = 'replicas: ["http://127.0.0.1:9/v1"], model: m';

/** A model of texts with this beside its kind. */
const withModel = (model: string): string =>
  withTop('name: priced', 'limit: 8').replace('models: {', `models:\n  {\n    ${model},\n   `);
const priced = (more: string): string => withModel(`m: { openai: { ${AT} }, template: chatml, ${more} }`);
const scored = (more: string): string => withModel(`m: { classify: { ${AT} }, ${more} }`);

describe('price', () => {
  const tests = testsOf([
    [
      'a negative price',
      priced('price: { currency: USD, in: -1, out: 2 }'),
      ['ERR_PIPELINE_INVALID', '5:115', 'models.m.price.in', /found -1/],
    ],
    [
      'no currency',
      priced('price: { in: 1, out: 2 }'),
      ['ERR_PIPELINE_INVALID', '5:94', 'models.m.price.currency', /found nothing, expected a string/],
    ],
    [
      'two currencies in one price',
      priced('price: { currency: [USD, EUR], in: 1, out: 2 }'),
      ['ERR_PIPELINE_INVALID', '5:106', 'models.m.price.currency', /found \[/],
    ],
    [
      'a sign for a currency',
      priced('price: { currency: $, in: 1, out: 2 }'),
      ['ERR_PIPELINE_INVALID', '5:106', 'models.m.price.currency', /as USD or credits/],
    ],
    [
      'a price of nothing',
      priced('price: { currency: USD }'),
      ['ERR_PIPELINE_INVALID', '5:94', 'models.m.price', /found no price, expected `in` and `out`/],
    ],
    [
      'no price of what a model writes',
      priced('price: { currency: USD, in: 1 }'),
      ['ERR_PIPELINE_INVALID', '5:115', 'models.m.price.in', /found `in` without `out`/],
    ],
    [
      'cached tokens alone',
      scored('price: { currency: USD, request: 1, cached: 1 }'),
      ['ERR_PIPELINE_INVALID', '5:115', 'models.m.price.cached', /without `in`/],
    ],
    [
      'GPU hours of nobody knows how many GPUs',
      scored('price: { currency: USD, gpuHour: 1 }'),
      ['ERR_PIPELINE_INVALID', '5:104', 'models.m.price.gpuHour', /expected `gpus` beside `price` too/],
    ],
    ['no GPU', scored('gpus: 0'), ['ERR_PIPELINE_INVALID', '5:77', 'models.m.gpus', /found 0/]],
    [
      'an unknown key',
      scored('price: { currency: USD, input: 1 }'),
      ['ERR_PIPELINE_INVALID', '5:95', 'models.m.price.input', /unknown key/],
    ],
  ]);
  for (const [name, check] of tests) it(name, check);
});

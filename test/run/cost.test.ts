import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type ModelUse,
  amountText,
  costOf,
  costText,
  knownCost,
  paidModels,
  perRowText,
} from '../../src/run/cost.js';
import { checkText } from '../helpers/runs/pipelineWorld.js';

const USE: ModelUse = {
  ...{ requests: 110, failures: 10, promptTokens: 3_000_000, completionTokens: 500_000 },
};
const HOSTED = { currency: 'USD', in: 2, out: 10 };

describe('costOf', () => {
  it('multiplies tokens by their prices, cached ones by theirs', () => {
    const servers = 'a';
    const models = { m: { price: HOSTED, servers } };
    assert.deepEqual(costOf(models, { m: USE }), { money: { USD: 11 }, gpuHours: null, unknown: {} });
    const cached = { m: { ...USE, cachedTokens: 1_000_000 } };
    assert.equal(costOf(models, cached).money['USD'], 11);
    assert.equal(
      costOf({ m: { price: { ...HOSTED, cached: 0.5 }, servers } }, cached).money['USD'],
      4 + 0.5 + 5,
    );
  });

  it('counts answered requests, and GPU hours over the servers', () => {
    const price = { currency: 'EUR', request: 0.01, gpuHour: 2 };
    const models = { m: { price, gpus: 4, servers: 'a' } };
    const { money, gpuHours } = costOf(models, { m: { ...USE, serverS: 1800 } });
    assert.deepEqual([money, gpuHours], [{ EUR: 1 + 4 }, 2]);
  });

  it('counts the GPUs of one set of servers once, however many models ask them', () => {
    const price = { currency: 'EUR', gpuHour: 2 };
    const models = {
      one: { gpus: 4, servers: 'a b' },
      two: { gpus: 4, servers: 'a b', price },
      other: { gpus: 1, servers: 'c', price },
    };
    const use = { ...USE, serverS: 3600 };
    const cost = costOf(models, { one: use, two: { ...use, serverS: 7200 }, other: use });
    assert.deepEqual([cost.gpuHours, cost.money], [9, { EUR: 18 }]);
    assert.deepEqual(cost.unknown, { one: 'it has no price' });
  });

  it('keeps currencies apart, and says which part is not known instead of counting it as nothing', () => {
    const models = {
      a: { price: HOSTED, servers: 'a' },
      b: { price: { ...HOSTED, currency: 'EUR' }, servers: 'b' },
      c: { servers: 'c' },
      d: { price: { currency: 'EUR', in: 1 }, servers: 'd' },
    };
    const d = { ...USE, promptTokens: 0, completionTokens: 0 };
    const cost = costOf(models, { a: USE, b: USE, c: USE, d });
    assert.deepEqual(cost.money, { USD: 11, EUR: 11 });
    assert.equal(
      costText(cost),
      '11.00 USD and 11.00 EUR and what c costs (it has no price) and what d costs (its servers count no tokens)',
    );
  });

  it('takes a model that was not opened, or is called as a method of objects, for one that was not asked', () => {
    assert.deepEqual(costOf({ constructor: { price: HOSTED, servers: '' } }, {}).money, { USD: 0 });
  });
});

describe('knownCost', () => {
  it('is nothing where no model has a price or GPUs', () => {
    assert.deepEqual(knownCost({ a: { servers: 'a' } }, {}), {});
    assert.equal(
      knownCost({ a: { servers: 'a', gpus: 2 } }, { a: { ...USE, serverS: 3600 } }).cost!.gpuHours,
      2,
    );
  });
});

describe('perRowText', () => {
  it('says what a row and a thousand cost, and nothing where none was kept', () => {
    const cost = { money: { USD: 3 }, gpuHours: 1.5, unknown: {} };
    assert.equal(perRowText(cost, 200), '; 1.50 GPU hours; 0.015 USD a kept row, 15.00 USD a thousand');
    assert.equal(perRowText({ ...cost, gpuHours: null }, 0), '');
  });
});

describe('paidModels', () => {
  it('has the models that steps ask, with the servers that they share', async () => {
    const plan = await checkText(
      [
        'name: paid',
        'limit: 2',
        'models:',
        '  a: { openai: { replicas: ["http://h:2/v1", "http://h:1/v1"], model: m }, template: qwen2-math, gpus: 2 }',
        '  b: { openai: { replicas: ["http://h:1/v1", "http://h:2/v1"], model: m }, template: qwen2-math, price: { currency: USD, in: 1, out: 2 } }',
        '  idle: { openai: { replicas: ["http://h:3/v1"], model: m } }',
        'steps:',
        '  - generate: { generators: [{ model: a }, { model: b }] }',
      ].join('\n'),
    );
    const paid = paidModels(plan);
    assert.deepEqual(Object.keys(paid), ['a', 'b']);
    assert.equal(paid['a']!.servers, paid['b']!.servers);
    assert.deepEqual([paid['a']!.gpus, paid['b']!.price], [2, { currency: 'USD', in: 1, out: 2 }]);
  });

  it('leaves the identity of a run as it is: a price decides no row', async () => {
    const textOf = (more: string): string =>
      [
        'name: paid',
        'limit: 2',
        `models: { a: { openai: { replicas: ["http://h:2/v1"], model: m }, template: qwen2-math ${more} } }`,
        'steps:',
        '  - generate: { generators: [{ model: a }] }',
      ].join('\n');
    const plain = await checkText(textOf(''));
    const priced = await checkText(textOf(', gpus: 2, price: { currency: USD, in: 1, out: 2, gpuHour: 1 }'));
    assert.equal(priced.identity, plain.identity);
    assert.deepEqual(priced.stepFingerprints, plain.stepFingerprints);
  });
});

describe('amountText', () => {
  it('has cents from one on, and three figures below', () => {
    assert.deepEqual([0, 0.000123456, 0.5, 1, 1234.567].map(amountText), [
      '0',
      '0.000123',
      '0.5',
      '1.00',
      '1,234.57',
    ]);
  });
});

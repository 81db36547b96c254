import assert from 'node:assert/strict';
import { test } from 'node:test';
import { amountOf, amountsOf, openLedger, worstOf } from '../../../src/run/budget/ledger.js';

const PRICE = { currency: 'USD', in: 1e6, out: 2e6, cached: 3e6, request: 0.5 };

test('the worst of a request takes the dearest price of its prompt', () => {
  const worst = worstOf({ promptTokens: 2, completionTokens: 3 }, PRICE);
  assert.deepEqual(worst, { requests: 1, tokens: 5, 'money.USD': 2 * 3 + 3 * 2 + 0.5 });
  assert.deepEqual(worstOf({ promptTokens: 2, completionTokens: 3 }, undefined), { requests: 1, tokens: 5 });
});

test('a reply costs what it used, an error of the server nothing, and what nobody knows the most', () => {
  const worst = worstOf({ promptTokens: 9, completionTokens: 9 }, PRICE);
  const usage = { promptTokens: 3, completionTokens: 1, cachedTokens: 1 };
  assert.deepEqual(amountsOf(usage, worst, PRICE), { requests: 1, tokens: 4, 'money.USD': 2 + 3 + 2 + 0.5 });
  assert.deepEqual(amountsOf('nothing', worst, PRICE), { requests: 1 });
  assert.equal(amountsOf('unknown', worst, PRICE), worst);
  assert.equal(amountsOf({ promptTokens: 0, completionTokens: 0 }, worst, PRICE), worst);
});

test('what is set aside counts until it settles, and leaves no rest', () => {
  const ledger = openLedger({ tokens: 1 }, { tokens: 0.1 });
  for (let at = 0; at < 10; at++) ledger.reserve({ tokens: 0.1 });
  assert.equal(ledger.missing({ tokens: 0.1 }), 'tokens');
  for (let at = 0; at < 10; at++) ledger.settle({ tokens: 0.1 }, {});
  assert.deepEqual(ledger.totals(), { tokens: 0.1 });
  assert.equal(ledger.missing({ tokens: 0.9 }), null);
});

test('amounts name what is counted', () => {
  const names = ['money.USD', 'tokens', 'requests', 'gpuHours', 'wallHours'];
  assert.deepEqual(
    names.map((name) => amountOf(name, 1234.5)),
    ['1,234.50 USD', '1,235 tokens', '1,235 requests', '1,234.50 GPU hours', '1,234.50 hours'],
  );
});

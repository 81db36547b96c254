import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { rateLeft, resetMsOf } from '../../../src/backends/server/rateHeaders.js';

const NOW_MS = Date.parse('2026-11-21T10:00:00Z');

function leftBy(headers: Record<string, string>): unknown[] {
  return rateLeft({ header: (name) => headers[name] }, NOW_MS).map(({ of, remaining, resetMs }) => [
    ...[of, remaining, resetMs],
  ]);
}

describe('rateLeft', () => {
  it('reads the headers of each family', () => {
    const openai = {
      ...{ 'x-ratelimit-limit-requests': '60', 'x-ratelimit-remaining-requests': '59' },
      ...{ 'x-ratelimit-reset-requests': '1s', 'x-ratelimit-limit-tokens': '150000' },
      ...{ 'x-ratelimit-remaining-tokens': '149984', 'x-ratelimit-reset-tokens': '6m0s' },
    };
    assert.deepEqual(leftBy(openai), [
      ['requests', 59, 1000],
      ['tokens', 149_984, 360_000],
    ]);
    const anthropic = {
      ...{ 'anthropic-ratelimit-requests-limit': '50', 'anthropic-ratelimit-requests-remaining': '49' },
      'anthropic-ratelimit-requests-reset': '2026-11-21T10:00:07Z',
      'anthropic-ratelimit-output-tokens-remaining': '8000',
      'anthropic-ratelimit-output-tokens-reset': '2026-11-21T10:00:30.500Z',
    };
    assert.deepEqual(leftBy(anthropic), [
      ['requests', 49, 7000],
      ['tokens', 8000, 30_500],
    ]);
    const epochMs = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(NOW_MS + 2500) };
    assert.deepEqual(leftBy(epochMs), [['requests', 0, 2500]]);
    assert.deepEqual(leftBy({ 'ratelimit-remaining': '3', 'ratelimit-reset': '20' }), [
      ['requests', 3, 20_000],
    ]);
    const azure = { 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-limit-requests': '120' };
    assert.deepEqual(leftBy(azure), [['requests', 0, 500]]);
  });

  it('takes what cannot be read for not said', () => {
    assert.deepEqual(leftBy({}), []);
    for (const value of ['-1', 'many', '', 'NaN', '1e9', '9'.repeat(30)])
      assert.deepEqual(leftBy({ 'x-ratelimit-remaining': value, 'x-ratelimit-reset': '1' }), [], value);
    assert.deepEqual(leftBy({ 'x-ratelimit-remaining': '5' }), []);
  });
});

describe('resetMsOf', () => {
  it('reads durations, seconds, times since 1970 and dates', () => {
    const cases: Record<string, number | undefined> = {
      ...{
        '1s': 1000,
        '6m0s': 360_000,
        '120ms': 120,
        '2m59.56s': 179_560,
        '1h2m3s': 3_723_000,
        '1d': 86_400_000,
      },
      ...{ '12.5': 12_500, '0': 0, [NOW_MS / 1000 + 9]: 9000, [NOW_MS + 9]: 9 },
      ...{ [NOW_MS / 1000 - 9]: 0, 'Sat, 21 Nov 2026 10:00:05 GMT': 5000, '2026-11-21T10:00:05+00:00': 5000 },
      ...{ soon: undefined, '-5': undefined, '1e400': undefined, s: undefined, m: undefined },
      ...{ ['9'.repeat(100)]: undefined, '999999999d': 8_640_000_000, '9999999h': 8_640_000_000 },
    };
    for (const [text, ms] of Object.entries(cases)) assert.equal(resetMsOf(text, NOW_MS), ms, text);
    for (const text of [undefined, '', '   ']) assert.equal(resetMsOf(text, NOW_MS), undefined);
  });
});

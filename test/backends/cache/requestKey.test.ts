import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { ChooseRequest, CompleteRequest, Message, ScoreRequest } from '../../../src/backends/model.js';
import { anyCodePoint } from '../../helpers/texts/anyCodePoint.js';
import { requestKeys } from '../../../src/backends/cache/requestKey.js';

const keys = requestKeys('solver');

/** Texts that try to look like the parts around them. */
const text = fc.oneof(
  fc.string({ unit: anyCodePoint }),
  fc.constantFrom('', '\n', 'user\n', 'preQuery', '1 2 0.5 1 7\nuser\nx', '","', 'x\u0000', '\ud800'),
);
const message: fc.Arbitrary<Message> = fc.oneof(
  fc.constant({ kind: 'preQuery' } as const),
  fc.record({ kind: fc.constant('user' as const), text }),
);
const small = fc.constantFrom(1, 2, 5, 10, 12, 21);
const complete: fc.Arbitrary<CompleteRequest> = fc.record({
  seq: fc.nat(),
  message,
  n: small,
  tokensMax: small,
  temperature: fc.constantFrom(0.1, 0.7, 1, 1.2),
  topP: fc.constantFrom(0.5, 0.95, 1),
  seed: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  thinkingTokensMax: fc.constantFrom(undefined, 1, 12),
});

describe('requestKeys', () => {
  test('any two requests have one key if and only if they ask the same', () => {
    const asked = ({ seq: _, ...rest }: CompleteRequest): string => JSON.stringify(rest);
    const pair = fc.tuple(complete, complete, fc.subarray([...FIELDS]));
    fc.assert(
      fc.property(pair, ([a, b, taken]) => {
        // Mostly alike: every subset of the fields is taken from the other.
        const mixed = { ...a, ...Object.fromEntries(taken.map((field) => [field, b[field]])) };
        assert.equal(keys.complete(a) === keys.complete(mixed), asked(a) === asked(mixed));
      }),
      { numRuns: 2000 },
    );
  });

  test('each changed part gives another key; the row does not', () => {
    const request = COMPLETE;
    const key = keys.complete(request);
    assert.equal(key.length, 16);
    assert.equal(keys.complete({ ...request, seq: 99 }), key);
    const changes: Partial<CompleteRequest>[] = [
      { message: { kind: 'preQuery' } },
      ...['other', '\ud800', '\ud801', '\ufffd'].map((text) => ({
        message: { kind: 'user', text } as const,
      })),
      ...[{ n: 2 }, { tokensMax: 101 }, { temperature: 0.8 }, { topP: 0.9 }, { seed: 6 }],
      ...[{ thinkingTokensMax: 5 }, { thinkingTokensMax: 6 }],
    ];
    const all = [key, ...changes.map((change) => keys.complete({ ...request, ...change }))];
    all.push(requestKeys('other').complete(request));
    assert.equal(new Set(all).size, all.length);
  });

  test('a greedy request has no seed: the same question in two rows is one', () => {
    const greedy = { ...COMPLETE, temperature: 0 };
    assert.equal(keys.complete(greedy), keys.complete({ ...greedy, seed: 77, seq: 8 }));
    assert.notEqual(keys.complete(greedy), keys.complete({ ...greedy, tokensMax: 1 }));
  });

  test('choose, score and embed: what is asked and nothing else', () => {
    const choose: ChooseRequest = { seq: 1, message: { kind: 'user', text: 'q' }, options: ['Yes', 'No'] };
    const score: ScoreRequest = { seq: 1, items: [{ user: 'a', assistant: 'b' }] };
    const all = [
      keys.choose(choose),
      keys.choose({ ...choose, options: ['No', 'Yes'] }),
      keys.choose({ ...choose, options: ['Yes'] }),
      keys.choose({ ...choose, message: { kind: 'user', text: 'r' } }),
      keys.score(score),
      keys.score({ ...score, items: [{ user: 'a', assistant: null }] }),
      keys.score({ ...score, items: [{ user: 'ab', assistant: '' }] }),
      keys.score({ ...score, items: [...score.items, ...score.items] }),
      keys.score({ ...score, areSteps: true }),
      keys.embed({ seq: 1, texts: ['a', 'b'] }),
      keys.embed({ seq: 1, texts: ['a,b'] }),
      keys.embed({ seq: 1, texts: ['b', 'a'] }),
    ];
    assert.equal(new Set(all).size, all.length);
    assert.equal(keys.score({ ...score, seq: 9 }), keys.score(score));
    assert.equal(keys.choose({ ...choose, seq: 9 }), keys.choose(choose));
    assert.equal(keys.embed({ seq: 9, texts: ['a', 'b'] }), all[9]);
  });

  test('execute: the program, its tests and its limits', () => {
    const ask = { seq: 1, language: 'python', program: 'a', cpuSeconds: 2, memoryMiB: 64 };
    const asserts = { ...ask, tests: { kind: 'asserts' as const, asserts: ['a', 'b'] } };
    const all = [
      asserts,
      { ...asserts, tests: { kind: 'inputs' as const, inputs: ['a', 'b'] } },
      { ...asserts, tests: { kind: 'asserts' as const, asserts: ['a,b'] } },
      { ...asserts, program: 'b' },
      { ...asserts, language: 'lua' },
      { ...asserts, cpuSeconds: 3 },
      { ...asserts, memoryMiB: 65 },
    ].map((request) => keys.execute(request));
    assert.equal(new Set(all).size, all.length);
    assert.equal(keys.execute({ ...asserts, seq: 9, step: 's' }), all[0]);
  });

  test('every process, today and tomorrow, gives the same key', () => {
    assert.equal(
      Buffer.from(keys.complete(COMPLETE), 'latin1').toString('hex'),
      '1e31a345ba1d7c893b73bd1a1c548d8b',
    );
  });
});

const FIELDS = [
  ...(['seq', 'message', 'n', 'tokensMax', 'temperature', 'topP', 'seed', 'thinkingTokensMax'] as const),
] as const;
const COMPLETE: CompleteRequest = {
  ...{ seq: 3, message: { kind: 'user', text: 'What is 2 + 2?' }, n: 1 },
  ...{ tokensMax: 100, temperature: 0.7, topP: 1, seed: 5 },
};

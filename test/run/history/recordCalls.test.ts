import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ModelCall, recordCalls } from '../../../src/run/history/recordCalls.js';
import { storedModel } from '../../../src/run/verify/storedModel.js';

const NONE = storedModel(
  'tiny',
  async () => undefined,
  () => {},
);

test('calls are noted with what was sent and received, also where there is no reply', async () => {
  const calls: ModelCall[] = [];
  const model = recordCalls(
    {
      ...NONE,
      score: async () => [0.5],
      embed: async () => [[1, 2, 3]],
      choose: async () => [0.2, 0.8],
    },
    (call) => void calls.push(call),
  );
  const message = { kind: 'user', text: 'What?' } as const;
  await model.choose({ seq: 1, message, options: ['Yes', 'No'] });
  await model.score({
    seq: 1,
    items: [
      { user: 'q', assistant: 'a' },
      { user: 'q', assistant: null },
    ],
  });
  await model.embed({ seq: 1, texts: ['t'] });
  const asked = { n: 1, tokensMax: 5, temperature: 0, topP: 1, seed: 3 };
  await assert.rejects(model.complete({ seq: 1, message: { kind: 'preQuery' }, ...asked }));
  assert.deepEqual(
    calls.map(({ kind, prompts, settings, replies }) => [kind, prompts, settings, replies]),
    [
      ['choose', ['What?'], { options: ['Yes', 'No'] }, [0.2, 0.8]],
      ['score', ['q', 'a', 'q'], {}, [0.5]],
      ['embed', ['t'], {}, ['a vector of 3 numbers']],
      ['complete', [null], asked, null],
    ],
  );
});

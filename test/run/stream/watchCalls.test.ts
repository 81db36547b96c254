import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RowError } from '../../../src/errors.js';
import type { CalledEvent } from '../../../src/run/events.js';
import { isWatched, watchCalls } from '../../../src/run/stream/watchCalls.js';
import { scriptedModel } from '../../helpers/scriptedModel.js';

function watching(
  share: number,
  model = scriptedModel({ complete: () => ['yes', 'no'], choose: () => [1], score: () => [1] }),
) {
  const events: CalledEvent[] = [];
  let nowMs = 1000;
  const watch = { share, nowMs: () => (nowMs += 5), onCall: (event: CalledEvent) => void events.push(event) };
  return { model: watchCalls({ tiny: model }, 'respond', watch)['tiny']!, plain: model, events };
}

const ASKED = {
  message: { kind: 'user', text: 'q' } as const,
  tokensMax: 8,
  temperature: 0.5,
  topP: 1,
  seed: 3,
};

test('each kind of call is told, with what was asked and how it ended', async () => {
  const { model, events } = watching(1);
  await model.complete({ ...ASKED, seq: 4, n: 2 });
  await model.choose({ seq: 4, message: ASKED.message, options: ['a'] });
  await model.score({ seq: 5, items: [] });
  assert.deepEqual(
    events.map(({ kind, seq }) => [kind, seq]),
    [
      ['complete', 4],
      ['choose', 4],
      ['score', 5],
    ],
  );
  const { startedMs, tookMs, ...first } = events[0]!;
  assert.deepEqual([startedMs, tookMs], [1005, 5]);
  assert.deepEqual(first, {
    ...{ event: 'called', kind: 'complete', step: 'respond', model: 'tiny', seq: 4 },
    ...{ choices: 2, tokensMax: 8, temperature: 0.5, topP: 1, finishes: ['stop', 'stop'] },
    ...{ tries: 0, promptTokens: 0, completionTokens: 0, isStoreHit: false },
  });
});

test('a call that fails is told with its code, and fails', async () => {
  const lost = new RowError('ROW_MARKER', 'no');
  const { model, events } = watching(
    1,
    scriptedModel({
      complete: () => {
        throw lost;
      },
    }),
  );
  await assert.rejects(model.complete({ ...ASKED, seq: 0, n: 1 }), lost);
  assert.equal(events[0]!.code, 'ROW_MARKER');
});

test('rows that are not watched are asked as they are, without a record', async () => {
  const { model, plain, events } = watching(0.1);
  const seqs = Array.from({ length: 100 }, (_, seq) => seq);
  for (const seq of seqs) await model.complete({ ...ASKED, seq, n: 1 });
  const recorded = plain.completes.filter(({ record }) => record !== undefined).map(({ seq }) => seq);
  assert.deepEqual(
    recorded,
    events.map(({ seq }) => seq),
  );
  assert.ok(recorded.length >= 8 && recorded.length <= 12, `${recorded.length}`);
});

test('without a share the models are the same ones', () => {
  const models = { tiny: scriptedModel() };
  assert.equal(watchCalls(models, 'respond', undefined), models);
  assert.equal(watchCalls(models, 'respond', { share: 0, nowMs: () => 0, onCall: () => {} }), models);
});

test('the watched rows are the wanted share of any part of the source; 0 is none and 1 all', () => {
  for (const share of [0, 0.01, 0.1, 0.5, 1]) {
    for (const from of [0, 77_777, 2 ** 31 - 5000]) {
      let watched = 0;
      for (let seq = from; seq < from + 10_000; seq++) watched += isWatched(seq, share) ? 1 : 0;
      assert.ok(Math.abs(watched - 10_000 * share) <= 10, `${watched} of 10,000 at ${share} from ${from}`);
    }
  }
});

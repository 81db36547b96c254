import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  collectRows,
  createContext,
  deduplicate,
  drop,
  fromRows,
  generate,
  keep,
  keepBest,
  mapRows,
  respond,
  scoreReward,
} from '../../src/index.js';
import { questionModel } from '../helpers/questionModel.js';

/** The operators in a plain RxJS pipe, imported from the barrel as a program would. */

const NAMES = { generators: [{ model: 'tiny' }] };

test('collectRows: a pipe of operators to its target, as plain objects', async () => {
  const context = createContext({ seed: 3, models: { tiny: questionModel() } });
  const { rows, totals } = await collectRows({ target: 4, windowRows: 8, batchRows: 3 }, (source) =>
    source.pipe(
      generate(NAMES, context),
      deduplicate({ similarityMin: null }, context),
      respond({ model: 'tiny', n: 2 }, context),
      scoreReward({ model: 'tiny' }, context),
      keepBest({}, context),
    ),
  );
  assert.deepEqual(totals, { positions: 7, kept: 4, counts: { 'deduplicate dropped duplicate': 3 } });
  assert.deepEqual(rows[1], {
    seq: 2,
    question: 'What is 1 + 1?',
    generator: 'tiny',
    responses: ['\\boxed{0}', '\\boxed{1}'],
    rewards: [0.1, 0.9],
    response: '\\boxed{1}',
    reward: 0.9,
  });
});

test('collectRows: rows of one’s own, and a step of one’s own', async () => {
  const texts = ['a', 'bb', 'ccc', 'dddd', 'eeeee'];
  const read = fromRows(
    { text: 'string' },
    texts.map((text) => ({ text })),
  );
  const shape = {
    step: 'measure',
    reads: { text: 'string' },
    writes: [{ name: 'chars', type: 'int32', help: 'Length.' }],
  } as const;
  const measure = mapRows(shape, ({ text }) =>
    text.length % 2 === 0 ? drop('even') : keep({ chars: text.length }),
  );
  const { rows, totals } = await collectRows({ read, batchRows: 2 }, (source) => source.pipe(measure));
  assert.deepEqual(
    rows.map(({ chars }) => chars),
    [1, 3, 5],
  );
  assert.deepEqual(totals.counts, { 'measure dropped even': 2 });
});

test('collectRows: a signal cancels', async () => {
  const running = collectRows({ limit: 8, signal: AbortSignal.abort() }, (source) => source);
  await assert.rejects(running, { code: 'ERR_CANCELLED' });
});

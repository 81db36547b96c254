import assert from 'node:assert/strict';
import { test } from 'node:test';
import { columnValues } from '../../../src/arrow/read.js';
import { seqBatch } from '../../../src/arrow/columns.js';
import { runContext, runPlan } from '../../../src/run/stream/runPlan.js';
import { checkDeps, checkText, runInMemory } from '../../helpers/runs/pipelineWorld.js';
import { scriptedModel } from '../../helpers/scriptedModel.js';

const TEXT = `name: sound
seed: 11
target: 5
models: { tiny: { llamaCpp: { path: ../models/tiny.gguf } } }
source: { windowRows: 8, batchRows: 2 }
steps:
  - generate: { generators: [{ model: tiny }], tokensMax: 64 }
  - { deduplicate: { similarityMin: null }, label: exact }
output: { shardRows: 2 }
`;

function model() {
  return scriptedModel({ complete: ({ seq }) => [seq % 3 === 2 ? '' : `q ${Math.floor(seq / 2)}`] });
}

test('a plan runs to exactly its target, and every row before the end is accounted for', async () => {
  const { totals, batches } = await runInMemory(await checkText(TEXT), { tiny: model() });
  assert.deepEqual(totals, {
    positions: 10,
    kept: 5,
    counts: { 'generate rejected ROW_EMPTY': 3, 'exact dropped duplicate': 2 },
  });
  assert.deepEqual(
    batches.flatMap((rows) => columnValues(rows, 'question')),
    ['q 0', 'q 1', 'q 2', 'q 3', 'q 4'],
  );
});

test('what happens on the way is told: counts a step, rows delivered', async () => {
  const plan = await checkText(TEXT);
  const counts: Record<string, number> = {};
  let last = [0, 0];
  await runPlan(plan, {
    models: { tiny: model() },
    prompt: checkDeps().prompt,
    read: (lo, rowsMax) => seqBatch(lo, lo + rowsMax),
    sink: { append: async () => {}, appendEvents: async () => {}, commit: async () => {} },
    onCounts: (step, { rowsIn, kept, dropped, rejected }) => {
      assert.equal(rowsIn, kept + dropped + rejected);
      counts[step] = (counts[step] ?? 0) + rowsIn;
    },
    onDelivered: (watermark, kept) => {
      assert.ok(watermark > last[0]! && kept >= last[1]!);
      last = [watermark, kept];
    },
  });
  assert.deepEqual(Object.keys(counts), ['generate', 'exact']);
  assert.ok(counts['generate']! >= 9 && counts['exact']! < counts['generate']!);
});

test('a run that is cancelled before it starts asks nothing', async () => {
  const tiny = model();
  const running = runPlan(await checkText(TEXT), {
    models: { tiny },
    prompt: checkDeps().prompt,
    read: (lo, rowsMax) => seqBatch(lo, lo + rowsMax),
    sink: { append: async () => {}, appendEvents: async () => {}, commit: async () => {} },
    signal: AbortSignal.abort(),
  });
  await assert.rejects(running, { code: 'ERR_CANCELLED' });
  assert.equal(tiny.completes.length, 0);
});

test('each step is given the seed of the run and its own label', async () => {
  const { step, seed } = runContext(
    await checkText(TEXT),
    { models: {}, prompt: checkDeps().prompt },
    'exact',
  );
  assert.deepEqual([step, seed], ['exact', 11]);
});

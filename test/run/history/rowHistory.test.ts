import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { nodeFiles } from '../../../src/io/files/files.js';
import { viewedPlan } from '../../../src/run/history/viewedPlan.js';
import { rowHistory } from '../../../src/run/history/rowHistory.js';
import { systemWorld } from '../../../src/run/systemWorld.js';
import { hostCommand } from '../../helpers/commandHost.js';
import { temporaryFolder, writePipeline } from '../../helpers/commandLine.js';
import { makeRun } from '../../helpers/runs/finishedRun.js';

async function historyOf(run: string, seq: number) {
  const { plan, note } = await viewedPlan(run, systemWorld());
  return rowHistory(run, seq, { files: nodeFiles, plan, planNote: note });
}

test('a row of models: each call with its prompt and reply from the store, and what each step wrote', async () => {
  const folder = temporaryFolder();
  const steps = [
    'generate: { generators: [{ model: tiny }], tokensMax: 96 }',
    'deduplicate: { similarityMin: null }',
    'respond: { model: tiny, n: 2, tokensMax: 96 }',
  ];
  const lines = [
    'limit: 3',
    `store: ${join(folder, 'store')}`,
    'steps:',
    ...steps.map((step) => `  - ${step}`),
  ];
  const file = writePipeline(folder, lines);
  const run = join(folder, 'run');
  const { code, stderr } = await hostCommand(['run', file, '--out', run]);
  assert.equal(code, 0, stderr);
  const { committed, steps: done } = await historyOf(run, 1);
  const lostAt = committed.lost[0]?.step;
  assert.equal(committed.kept.length + committed.lost.length, 1);
  const [generate, deduplicate, respond] = done;
  assert.deepEqual(generate!.calls[0]!.prompts, [null]);
  const question = generate!.kept[0]!['question'] as string;
  assert.equal((generate!.calls[0]!.replies![0] as { text: string }).text.trim(), question);
  assert.deepEqual(deduplicate!.calls, []);
  if (lostAt === undefined) {
    assert.match(deduplicate!.note!, /by the rows before/);
    assert.ok(respond!.calls[0]!.prompts[0]!.includes(question));
    assert.deepEqual(respond!.kept[0]!['responses'], committed.kept[0]!['responses']);
  }
  // The replies are pruned: what was asked is still known.
  const pruned = await hostCommand(['store', join(folder, 'store'), '--prune-run', 'run']);
  assert.equal(pruned.code, 0, pruned.stderr);
  const [first, ...more] = (await historyOf(run, 1)).steps;
  assert.deepEqual(more, []);
  assert.match(first!.note!, /has no reply/);
  assert.equal(first!.calls[0]!.replies, null);
});

test('a step of a user is not executed; without a plan, the files still say what lost the row', async () => {
  const { run } = await makeRun(0);
  const { plan, note } = await viewedPlan(run, systemWorld());
  assert.ok(plan, note ?? '');
  const own = await rowHistory(run, 0, { files: nodeFiles, plan, planNote: null });
  assert.deepEqual(
    own.steps.map(({ operator, lost }) => [operator, lost[0]!.reason]),
    [['custom', 'all']],
  );
  assert.match(own.steps[0]!.note!, /not executed/);
  const bare = await rowHistory(run, 0, { files: nodeFiles, plan: null, planNote: 'why' });
  assert.deepEqual(
    bare.steps.map(({ step, note: why }) => [step, why]),
    [['custom', 'why']],
  );
});

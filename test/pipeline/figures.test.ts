import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { runInto } from '../../src/cli/runInto.js';
import { nodeFiles } from '../../src/io/files.js';
import type { Plan } from '../../src/pipeline/plan.js';
import { figuresOf, printFigures, stepsWithFigures } from '../../src/pipeline/figures.js';
import { temporaryFolder } from '../helpers/commandLine.js';
import { checkDeps, checkText } from '../helpers/pipelineWorld.js';

const TEXT = `name: leaks
limit: 4
source: { jsonl: { path: x.jsonl } }
steps:
  - deduplicate: {}
  - label: leaks
    decontaminate: { benchmarks: [{ path: a.jsonl }, { path: b.jsonl }] }
`;

test('a step with figures makes them of what it learnt; others are left out', async () => {
  const plan = await checkText(TEXT, [], { texts: async () => ['x', 'y', 'z', 'w'] });
  assert.deepEqual(stepsWithFigures(plan), ['leaks']);
  const asked: string[] = [];
  const figures = figuresOf(plan, (step) => {
    asked.push(step);
    return [{ 0: [3] }, { 0: [], 1: [0, 2] }];
  });
  assert.deepEqual(asked, ['leaks']);
  assert.deepEqual(figures, {
    leaks: {
      a: { rows: 4, rowsHit: 1, cleanShare: 0.75, questions: 2 },
      b: { rows: 4, rowsHit: 2, cleanShare: 0.5, questions: 1 },
    },
  });
});

test('printed, each group has a line', () => {
  const lines = printFigures({
    leaks: { gsm: { rows: 1319, cleanShare: 0.99924 }, math: { rows: 5000, cleanShare: 1 } },
    score: { error: 0.25, bins: { low: { rows: 2 } }, kind: 'rank' },
  });
  assert.deepEqual(lines, [
    'leaks  gsm: rows 1319, cleanShare 0.9992',
    'leaks  math: rows 5000, cleanShare 1',
    'score  error 0.2500, kind rank',
    'score  bins: low (rows 2)',
  ]);
  assert.deepEqual(printFigures({}), []);
});

/** Stops once so many rows are delivered. */
async function runUntil(plan: Plan, folder: string, rowsMax: number): Promise<string> {
  const stop = new AbortController();
  const starts: number[] = [];
  const running = runInto(plan, folder, {
    files: nodeFiles,
    prompt: checkDeps().prompt,
    openModels: async () => ({}),
    signal: stop.signal,
    now: () => new Date(0),
    nowMs: () => 0,
    memoryPeakBytes: () => 0,
    onStart: (_models, { from }) => starts.push(from),
    onDelivered: (watermark) => void (watermark >= rowsMax && stop.abort()),
  });
  if (rowsMax < Infinity) await assert.rejects(running, { code: 'ERR_CANCELLED' });
  else await running;
  return starts.length > 0 ? `from ${starts[0]}` : 'complete';
}

test('an interrupted run reports the figures of one that was never stopped, and of one that was complete', async () => {
  const folder = temporaryFolder();
  const question = (at: number): string =>
    `Ann has ${at} pears and gives ${at % 7} of them to her friend Tom. How many?`;
  const jsonl = (questions: readonly string[]): string =>
    questions.map((text) => `${JSON.stringify({ question: text })}\n`).join('');
  // Each question of the benchmark is hit twice, before and after the run is stopped.
  const rows = Array.from({ length: 90 }, (_, at) =>
    at < 45 ? question(at) : `Again: ${question(at - 45)}`,
  );
  writeFileSync(join(folder, 'rows.jsonl'), jsonl(rows));
  writeFileSync(join(folder, 'test.jsonl'), jsonl([200, 3, 31, 10, 44, 300].map(question)));
  const plan = await checkText(`name: leaks
source: { jsonl: { path: ${folder}/rows.jsonl }, windowRows: 8, batchRows: 3 }
steps:
  - deduplicate: { similarityMin: null }
  - decontaminate: { benchmarks: [{ path: ${folder}/test.jsonl }] }
output: { shardRows: 10 }
`);
  const reportIn = (out: string): string => readFileSync(join(out, 'report.json'), 'utf8');
  const [whole, parts] = [join(folder, 'whole'), join(folder, 'parts')];
  assert.equal(await runUntil(plan, whole, Infinity), 'from 0');
  assert.equal(await runUntil(plan, parts, 40), 'from 0');
  const second = await runUntil(plan, parts, 70);
  assert.match(second, /^from [1-9]/);
  assert.notEqual(await runUntil(plan, parts, Infinity), second);
  assert.equal(reportIn(parts), reportIn(whole));
  assert.equal(await runUntil(plan, parts, Infinity), 'complete');
  assert.equal(reportIn(parts), reportIn(whole));
  const { figures } = JSON.parse(reportIn(whole)) as { figures: unknown };
  assert.deepEqual(figures, {
    decontaminate: { test: { rows: 6, rowsHit: 4, cleanShare: 2 / 6, questions: 8 } },
  });
});

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { runInFolder } from '../../../src/run/runInFolder.js';
import { nodeFiles } from '../../../src/io/files/files.js';
import type { ScaleQuestError } from '../../../src/errors.js';
import type { Plan, PlannedStep } from '../../../src/pipeline/plan.js';
import { figuresFolds, figuresOf, nothingMeasured, printFigures } from '../../../src/run/report/figures.js';
import { funnelOf, reportOf } from '../../../src/run/report/report.js';
import { temporaryFolder } from '../../helpers/commandLine.js';
import { checkDeps, checkText } from '../../helpers/runs/pipelineWorld.js';
import { encoderHere } from '../../helpers/files/encoderHere.js';
import { unwatched } from '../../helpers/runs/unwatched.js';

const TEXT = `name: leaks
limit: 4
source: { jsonl: { path: x.jsonl } }
steps:
  - deduplicate: {}
  - label: leaks
    decontaminate: { benchmarks: [{ path: a.jsonl }, { path: b.jsonl }] }
`;

test('a step with figures makes them of its state deltas; others are left out', async () => {
  const plan = await checkText(TEXT, [], { texts: async () => ['x', 'y', 'z', 'w'] });
  const folds = figuresFolds(plan);
  assert.deepEqual([...folds.keys()], ['leaks']);
  for (const hits of [{ 0: [3] }, { 0: [], 1: [0, 2] }]) folds.get('leaks')!.add(hits);
  assert.deepEqual(figuresOf(folds, []), {
    leaks: {
      a: { rows: 4, rowsHit: 1, cleanShare: 0.75, questions: 2 },
      b: { rows: 4, rowsHit: 2, cleanShare: 0.5, questions: 1 },
    },
  });
});

const EVALUATION = `name: evaluation
limit: 4
source:
  jsonl:
    path: x.jsonl
    columns: { question: string, answer: string, failRate: float64, difficulty: float64 }
steps:
  - filterReference: {}
  - deduplicate: {}
  - calibrateDifficulty: {}
  - filterLanguage: {}
`;

test('a step is told what the steps before it have lost, not those after it', async () => {
  const plan = await checkText(EVALUATION);
  const [filter, deduplicate, calibrate, language] = plan.steps as PlannedStep[];
  const figures: PlannedStep['spec']['figures'] = () => ({ add: () => {}, end: (lost) => lost });
  const spy: PlannedStep = { ...calibrate!, spec: { ...calibrate!.spec, figures } };
  const counts = {
    'filterReference dropped noAnswer': 2,
    'deduplicate rejected ROW_VALUE_MISSING': 1,
    'filterLanguage dropped language': 4,
  };
  const steps = [filter!, deduplicate!, spy, language!];
  const funnel = funnelOf(
    steps.map(({ label }) => label),
    { positions: 9, counts },
  );
  assert.deepEqual(figuresOf(figuresFolds({ ...plan, steps }), funnel), {
    calibrateDifficulty: { 'filterReference noAnswer': 2, 'deduplicate ROW_VALUE_MISSING': 1 },
  });
});

test('a run in which no row came to a step that measures is an error that says why; of others it is none', async () => {
  const plan = await checkText(EVALUATION);
  const errorOf = (positions: number, counts: Record<string, number>): ScaleQuestError | null =>
    nothingMeasured(
      plan,
      reportOf(plan, { positions, kept: 0, counts }, () => ({})),
    );
  assert.equal(errorOf(4, { 'filterLanguage dropped language': 4 }), null);
  const lost = errorOf(4, { 'filterReference dropped noAnswer': 3, 'deduplicate dropped duplicate': 1 })!;
  assert.equal(lost.code, 'ERR_NOTHING_MEASURED');
  assert.match(
    lost.message,
    /^calibrateDifficulty has measured nothing: of 4 rows none .*\(filterReference noAnswer 3, deduplicate duplicate 1\)/,
  );
  assert.match(errorOf(0, {})!.message, /the source has no row/);
  const steps = plan.steps.filter(({ label }) => label !== 'calibrateDifficulty');
  assert.equal(
    nothingMeasured(
      { steps },
      reportOf(plan, { positions: 0, kept: 0, counts: {} }, () => ({})),
    ),
    null,
  );
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
  const running = runInFolder(plan, folder, {
    files: nodeFiles,
    prompt: checkDeps().prompt,
    openModels: async () => ({ models: {} }),
    signal: stop.signal,
    now: () => new Date(0),
    nowMs: () => 0,
    watchProcess: unwatched,
    startEncoder: encoderHere,
    emit(event) {
      if (event.event === 'flowing') starts.push(event.from);
      if (event.event === 'delivered' && event.watermark >= rowsMax) stop.abort();
    },
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

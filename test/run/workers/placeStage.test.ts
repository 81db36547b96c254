import assert from 'node:assert/strict';
import { test } from 'node:test';
import { from, lastValueFrom, toArray } from 'rxjs';
import { addColumns, seqBatch } from '../../../src/arrow/columns.js';
import { columnValues } from '../../../src/arrow/read.js';
import type { Batch } from '../../../src/flow/batch.js';
import { type StepResult, replayed } from '../../../src/flow/stepResults/stepResult.js';
import type { StepCounts } from '../../../src/flow/steps/outcome.js';
import { buildRows } from '../../../src/arrow/build.js';
import { placeStage } from '../../../src/run/workers/placeStage.js';
import type { Unit } from '../../../src/workers/dispatcher.js';
import { checkText } from '../../helpers/runs/pipelineWorld.js';

const plan = await checkText(
  [
    'name: p',
    'models: { m: { openai: { model: x, replicas: [http://127.0.0.1:1/v1] }, template: qwen2-math } }',
    'limit: 10',
    'steps: [{ generate: { generators: [{ model: m }] } }, { deduplicate: {} }, { scoreDifficulty: { model: m } }, ' +
      '{ respond: { model: m } }]',
    '',
  ].join('\n'),
);
const STAGE = { first: 2, end: 4 };
const RESPONSES = [{ name: 'responses', type: 'list<string>', help: '' }] as const;

function batch(lo: number, stepResults?: StepResult[]): Batch {
  const columns = [
    { name: 'question', type: 'string', help: '' },
    { name: 'other', type: 'string', help: '' },
  ] as const;
  const rows = addColumns(seqBatch(lo, lo + 2), columns, [
    ['q', 'r'],
    ['x', 'y'],
  ]);
  return { lo, hi: lo + 2, rows, events: [], ...(stepResults ? { stepResults } : {}) };
}

/** The first step loses the first row, the second one writes an answer. */
function resultsOf({ lo }: Unit): StepResult[] {
  const lost = {
    kind: 'dropped',
    seq: lo,
    seqIndex: 0,
    step: 'scoreDifficulty',
    reason: 'no',
    message: '',
  } as const;
  return [
    { rowsIn: 2, from: [1], written: null, events: [{ ...lost, question: 'q', reply: null }] },
    { rowsIn: 1, from: [0], written: buildRows(RESPONSES, [[['a']]], 1), events: [] },
  ];
}

async function place(batches: Batch[], isCached: boolean, run: (unit: Unit) => Promise<StepResult[]>) {
  const counts: [string, StepCounts][] = [];
  const operator = placeStage(plan, STAGE, {
    ...{ run, isCached },
    onCounts: (step, counted) => counts.push([step, counted]),
  });
  const out = await lastValueFrom(from(batches).pipe(operator, toArray()));
  return { out, counts };
}

test('the results are applied to the batch that was held; what no step reads stays here', async () => {
  const units: Unit[] = [];
  const { out, counts } = await place([batch(0)], false, async (unit) => {
    units.push(unit);
    return resultsOf(unit);
  });
  assert.deepEqual(
    units.map(({ lo, first, end, rows }) => [lo, first, end, rows.schema.fields.map(({ name }) => name)]),
    [[0, 2, 4, ['seq', 'question']]],
  );
  const [{ rows, events, stepResults }] = out as [Batch];
  assert.deepEqual(
    rows.schema.fields.map(({ name }) => name),
    ['seq', 'question', 'other', 'responses'],
  );
  assert.deepEqual([[...columnValues(rows, 'seq')], columnValues(rows, 'other')], [[1], ['y']]);
  assert.deepEqual([events.length, stepResults], [1, undefined]);
  assert.deepEqual(counts, [
    ['scoreDifficulty', { rowsIn: 2, kept: 1, dropped: 1, rejected: 0 }],
    ['respond', { rowsIn: 1, kept: 1, dropped: 0, rejected: 0 }],
  ]);
});

test('all batches are out at a time, and leave in order whichever comes back first', async () => {
  const open: (() => void)[] = [];
  const placed = place(
    [batch(0), batch(2), batch(4)],
    false,
    (unit) => new Promise((resolve) => open.push(() => resolve(resultsOf(unit)))),
  );
  await new Promise(setImmediate);
  assert.equal(open.length, 3);
  for (const finish of open.reverse()) finish();
  assert.deepEqual(
    (await placed).out.map(({ lo }) => lo),
    [0, 2, 4],
  );
});

test('results join those before them where the run caches them; what is replayed is not sent', async () => {
  const before = [replayed('a'), replayed('b')];
  const sent: number[] = [];
  const run = async (unit: Unit): Promise<StepResult[]> => {
    sent.push(unit.first);
    return resultsOf(unit).slice(unit.first - 2);
  };
  const partly = batch(2, [...before, replayed('c')]);
  const wholly = batch(4, [...before, replayed('c'), replayed('d')]);
  const gap = batch(6, [replayed('a')]);
  const { out } = await place([batch(0, before), partly, wholly, gap], true, run);
  assert.deepEqual(sent, [2, 3, 2]);
  assert.deepEqual(
    out.map(({ stepResults }) => stepResults!.length),
    [4, 4, 4, 1],
  );
  assert.equal(out[2], wholly);
});

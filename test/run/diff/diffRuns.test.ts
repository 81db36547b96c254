import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { diffRuns } from '../../../src/run/diff/diffRuns.js';
import { temporaryFolder } from '../../helpers/commandLine.js';
import { testFolder } from '../../helpers/files/testFolder.js';
import { ANSWER_COLUMNS, type WrittenRunOptions, writtenRun } from '../../helpers/runs/writtenRun.js';

const question = (seq: number): string => `What is ${seq} + 1?`;
const lost = (seq: number, step: string, reason: string) =>
  ({ step, kind: 'dropped', reason, question: question(seq), reply: null }) as const;

/** 100 rows: of each ten, one is a duplicate and one has a low reward; every second answer of `b` differs. */
async function pair(
  t: TestContext,
  a: Partial<WrittenRunOptions> = {},
  b: Partial<WrittenRunOptions> = {},
): Promise<[string, string]> {
  const folder = await testFolder(t);
  const common = { rows: 100, columns: ANSWER_COLUMNS, rowGroupRows: 16, commitRows: 40 };
  const own = await writtenRun({
    ...common,
    folder: join(folder, 'a'),
    row(seq) {
      if (seq % 10 === 3) return lost(seq, 'deduplicate', 'duplicate');
      if (seq % 10 === 7) return lost(seq, 'keepBest', 'lowReward');
      return [question(seq), `The answer is ${seq + 1}.`, seq / 100];
    },
    parts: { 'steps.keepBest.label': '"keepBest"', 'steps.keepBest.options.rewardMin': '0.5' },
    ...a,
  });
  const other = await writtenRun({
    ...common,
    folder: join(folder, 'b'),
    row(seq) {
      if (seq % 10 === 3) return lost(seq, 'deduplicate', 'duplicate');
      if (seq % 10 === 8) return { ...lost(seq, 'respond', 'ROW_LENGTH'), kind: 'rejected' };
      if (seq % 2 === 1) return [question(seq), `The answer is ${seq}.`, seq / 100];
      return [question(seq), `So: the answer is ${seq + 1}.`, seq / 50];
    },
    parts: { 'steps.keepBest.label': '"keepBest"', 'steps.keepBest.options.rewardMin': '0.7' },
    ...b,
  });
  return [own, other];
}

test('rows of equal seeds are compared one by one: what appeared, vanished, ended otherwise and changed', async (t) => {
  const diff = await diffRuns(...(await pair(t)), { examples: 1 });
  assert.deepEqual(diff.notCompared, []);
  assert.deepEqual(diff.settings, [{ path: 'steps.keepBest.options.rewardMin', a: '0.5', b: '0.7' }]);
  const { fates, values, ...counts } = diff.rows!;
  assert.deepEqual(counts, {
    ...{ positions: 100, keptByBoth: 70, same: 0, appeared: 10, vanished: 10, questionsDiffer: 0 },
    beyond: { a: 0, b: 0 },
  });
  assert.deepEqual(fates, [
    {
      from: { kind: 'dropped', step: 'keepBest', reason: 'lowReward' },
      to: { kind: 'kept', step: null, reason: null },
      rows: 10,
      examples: [{ seq: 7, seqIndex: 0, question: 'What is 7 + 1?' }],
    },
    {
      from: { kind: 'kept', step: null, reason: null },
      to: { kind: 'rejected', step: 'respond', reason: 'ROW_LENGTH' },
      rows: 10,
      examples: [{ seq: 8, seqIndex: 0, question: 'What is 8 + 1?' }],
    },
  ]);
  // Of each ten rows 0, 1, 2, 4, 5, 6, 9 are kept by both; 1, 5 and 9 have another answer; the reward of row 0 is the same.
  assert.deepEqual(
    values.map(({ column, rows, answers }) => [column, rows, answers]),
    [
      ['response', 70, 30],
      ['reward', 39, null],
    ],
  );
  const reward = diff.distributions.find(({ column }) => column === 'reward')!;
  assert.deepEqual([reward.a!.count, reward.a!.min, reward.a!.max], [80, 0, 0.99]);
  assert.equal(reward.b!.max, 1.92);
  assert.deepEqual(
    diff.a.funnel.map(({ step, rowsIn }) => [step, rowsIn]),
    [['keepBest', 100]],
  );
});

test('the same run differs in nothing', async (t) => {
  const [a] = await pair(t);
  const diff = await diffRuns(a, a);
  assert.deepEqual([diff.settings, diff.rows!.fates, diff.rows!.values], [[], [], []]);
  assert.equal(diff.rows!.same, diff.rows!.keptByBoth);
});

test('of an unfinished run the rows that both have committed are compared', async (t) => {
  const diff = await diffRuns(...(await pair(t, {}, { rows: 40, isDone: false })));
  assert.equal(diff.b.isComplete, false);
  assert.equal(diff.rows!.positions, 40);
  assert.deepEqual(diff.rows!.beyond, { a: 60, b: 0 });
  assert.equal(diff.rows!.keptByBoth, 28);
  const none = await diffRuns(...(await pair(t, {}, { rows: 0, isDone: false })));
  assert.deepEqual([none.rows!.positions, none.rows!.beyond.a, none.b.kept], [0, 100, 0]);
});

test('another seed without files, another source, and sets without seq are compared by their numbers alone', async (t) => {
  const seeds = await diffRuns(...(await pair(t, {}, { seed: 8 })));
  assert.equal(seeds.rows, null);
  assert.match(seeds.notCompared.join(), /seeds are 7 and 8.*made from nothing/);
  assert.equal(seeds.distributions.find(({ column }) => column === 'reward')!.b!.max, 1.92);
  const source = { 'source.jsonl.path': '"in.jsonl"', 'files.jsonl.0': '"text 1"' };
  const seeded = await diffRuns(...(await pair(t, { parts: source }, { parts: source, seed: 8 })));
  assert.equal(seeded.rows!.positions, 100, 'a file has the same rows under any seed');
  const moved = { ...source, 'source.jsonl.path': '"there/in.jsonl"' };
  assert.notEqual((await diffRuns(...(await pair(t, { parts: source }, { parts: moved })))).rows, null);
  const other = { ...source, 'files.jsonl.0': '"text 2"' };
  const sources = await diffRuns(...(await pair(t, { parts: source }, { parts: other })));
  assert.match(sources.notCompared.join(), /different sources.*text 1/);
  const bare = await diffRuns(...(await pair(t, {}, { isWithoutSeq: true })));
  assert.match(bare.notCompared.join(), /no column seq/);
});

test('columns of one set alone are named; a column of another type is not compared', async (t) => {
  const columns = ANSWER_COLUMNS.map((column) =>
    column.name === 'reward' ? ({ ...column, type: 'string' } as const) : column,
  );
  const row = (seq: number) => [question(seq), 'x', 'much'];
  const diff = await diffRuns(...(await pair(t, {}, { columns, row })));
  assert.deepEqual([...new Set(diff.distributions.map(({ column }) => column))], ['question', 'response']);
  const fewer = await diffRuns(
    ...(await pair(t, {}, { columns: ANSWER_COLUMNS.slice(0, 1), row: (seq) => [question(seq)] })),
  );
  assert.deepEqual(fewer.a.ownColumns, ['response', 'reward']);
});

test('rows are told apart by seqIndex where a step made several of one position', async (t) => {
  const columns = [{ name: 'seqIndex', type: 'int32', help: '' } as const, ...ANSWER_COLUMNS];
  const row = (index: number) => (seq: number) => [index, question(seq), 'x', 1];
  const diff = await diffRuns(...(await pair(t, { columns, row: row(0) }, { columns, row: row(1) })));
  assert.deepEqual(
    diff.rows!.fates.map(({ from, to, rows }) => [from.kind, to.kind, rows]),
    [
      ['kept', 'absent', 100],
      ['absent', 'kept', 100],
    ],
  );
});

test('a folder without a run, and a damaged shard, are errors that say so', async (t) => {
  const [a, b] = await pair(t);
  await assert.rejects(diffRuns(a, temporaryFolder()), { code: 'ERR_RUN_FOLDER', message: /holds no run/ });
  const file = join(b, 'shards/shard-00001.parquet');
  mkdirSync(join(b, 'shards'), { recursive: true });
  writeFileSync(file, 'no Parquet');
  await assert.rejects(diffRuns(a, b), { code: 'ERR_DATA_INVALID', message: /shard-00001/ });
});

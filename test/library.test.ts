import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  type Column,
  type Connect,
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
  writeShards,
} from '../src/index.js';
import { nodeFiles } from '../src/io/files/files.js';
import { readParquetBlocks } from '../src/io/parquet/readParquet.js';
import { temporaryFolder } from './helpers/commandLine.js';
import { scriptedModel } from './helpers/scriptedModel.js';

/** The operators in a plain RxJS pipe, imported from the barrel as a program would. */

function tiny() {
  return scriptedModel({
    complete: ({ seq, message, n }) =>
      message.kind === 'preQuery'
        ? [`What is ${Math.floor(seq / 2)} + 1?`]
        : Array.from({ length: n }, (_, at) => `\\boxed{${at}}`),
    choose: ({ message }) =>
      message.kind === 'user' && message.text.includes('boxed{1}') ? [0.9, 0.1] : [0.1, 0.9],
  });
}

const NAMES = { generators: [{ model: 'tiny' }] };

test('collectRows: a pipe of operators to its target, as plain objects', async () => {
  const context = createContext({ seed: 3, models: { tiny: tiny() } });
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

test('writeShards: shards, lost rows and a manifest; a second run into the folder is the first one', async () => {
  const folder = join(temporaryFolder(), 'set');
  const columns: Column[] = [
    { name: 'seq', type: 'int32', help: 'Position.' },
    { name: 'question', type: 'string', help: 'The question.' },
  ];
  const context = createContext({ seed: 3, models: { tiny: tiny() } });
  const options = { folder, identity: 'one', name: 'set', seed: 3, columns, limit: 10, shardRows: 2 };
  let asked = 0;
  const connect: Connect = (source, restored) => {
    asked += 1;
    return source.pipe(
      generate(NAMES, context),
      deduplicate({ similarityMin: null }, { ...context, restored }),
    );
  };
  const totals = await writeShards(options, connect);
  assert.deepEqual([totals.positions, totals.kept], [10, 5]);
  assert.deepEqual(readdirSync(folder).sort(), ['manifest.jsonl', 'rejects', 'shards', 'state']);
  assert.deepEqual(await writeShards(options, connect), totals);
  assert.equal(asked, 1);
  await assert.rejects(writeShards({ ...options, identity: 'other' }, connect), { code: 'ERR_RUN_FOLDER' });
  const paths = readdirSync(join(folder, 'shards'))
    .sort()
    .map((name) => join(folder, 'shards', name));
  assert.equal(paths.length, 3);
  const questions: unknown[] = [];
  for await (const { values } of readParquetBlocks(nodeFiles, { paths, columns }))
    questions.push(...values[1]!);
  assert.deepEqual(
    questions,
    [0, 1, 2, 3, 4].map((at) => `What is ${at} + 1?`),
  );
});

test('a context has the built-in prompts unless it is given others', () => {
  assert.match(createContext({ seed: 1, models: {} }).prompt('respond', undefined), /\{\{ question \}\}/);
  assert.equal(
    createContext({ seed: 1, models: {}, prompt: () => 'mine' }).prompt('respond', undefined),
    'mine',
  );
});

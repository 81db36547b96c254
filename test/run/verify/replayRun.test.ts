import assert from 'node:assert/strict';
import { cpSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pruneReplies } from '../../../src/run/open/replyStore.js';
import { runPipeline } from '../../../src/run/runPipeline.js';
import { replayRun } from '../../../src/run/verify/replayRun.js';
import { temporaryFolder } from '../../helpers/commandLine.js';
import { sendJson, startFaultServer } from '../../helpers/servers/faultServer.js';

const QUESTIONS = Array.from({ length: 12 }, (_, at) => `How many are ${at} and ${at}?`);

interface World {
  file: string;
  run: string;
  /** As a kill after the second commit leaves it. */
  killed: string;
  store: string;
  /** How the server answers from now on. */
  answer: (text: string) => string | null;
  asked: () => number;
  stop: () => Promise<void>;
}

const SUM = (text: string): string | null => {
  const number = Number(/\d+/.exec(text)![0]);
  // One question is refused, and one is not answered.
  if (number === 3) return null;
  return number === 5 ? 'I do not know.' : `It is \\boxed{${2 * number}}.`;
};

/** A run of questions and responses on a server, and the server. */
async function worldOf(): Promise<World> {
  const world = { answer: SUM } as World;
  const server = await startFaultServer(({ body }, response) => {
    const [{ content }] = body['messages'] as [{ content: string }];
    const text = world.answer(content);
    if (text === null)
      return sendJson(response, 400, { error: { message: 'not this one', type: 'invalid_request_error' } });
    const choice = { index: 0, message: { role: 'assistant', content: text }, finish_reason: 'stop' };
    sendJson(response, 200, { choices: [choice], usage: { prompt_tokens: 9, completion_tokens: 9 } });
  });
  const folder = temporaryFolder();
  writeFileSync(
    join(folder, 'in.jsonl'),
    QUESTIONS.map((question) => `${JSON.stringify({ question })}\n`).join(''),
  );
  const file = join(folder, 'pipeline.yaml');
  const lines = [
    'name: small',
    `models: { chat: { openai: { replicas: ["${server.url}"], model: m, protocol: chat, retriesMax: 0 } } }`,
    'source: { jsonl: { path: in.jsonl, columns: { question: string } }, batchRows: 2 }',
    'steps: [{ respond: { model: chat, n: 1, tokensMax: 64 } }, { filterAnswered: {} }]',
    'output: { shardRows: 3 }',
  ];
  writeFileSync(file, `${lines.join('\n')}\n`);
  const [run, killed] = [join(folder, 'runs', 'small'), join(folder, 'runs', 'killed')];
  const started = await runPipeline(file, { out: run });
  let commits = 0;
  started.events.subscribe(({ event }) => {
    if (event === 'committed' && (commits += 1) === 2) cpSync(run, killed, { recursive: true });
  });
  await started.result;
  const asked = server.seen.length;
  return Object.assign(world, {
    ...{ file, run, killed, store: join(folder, 'runs', '.store') },
    asked: () => server.seen.length - asked,
    stop: server.stop,
  });
}

test('the files of a run come out again byte for byte, finished or killed, without its server', async () => {
  const { run, killed, stop } = await worldOf();
  await stop();
  const names = ['shards', 'rejects', 'state'].flatMap((folder) => readdirSync(join(run, folder)));
  const { difference, reasons, filesSame, rowsSame } = await replayRun(run);
  assert.deepEqual([difference, reasons, filesSame, rowsSame], [null, [], names.length, 10]);
  const half = await replayRun(killed);
  assert.deepEqual([half.difference, half.reasons, half.rowsSame], [null, [], 6]);
});

test('another reply than the run had: the first file, row and column that differ are named', async () => {
  const { file, run, store, stop, ...world } = await worldOf();
  await pruneReplies(store, { run: 'small' });
  const missing = await replayRun(run);
  assert.deepEqual([missing.difference, missing.rowsSame], [null, 0]);
  assert.match(missing.reasons[0]!, /no reply of chat for row 0: it was pruned/);
  assert.equal(world.asked(), 0);
  // A server that answers otherwise, asked by another run that shares the store.
  await stop();
  const other = await worldOf();
  const changed = await runPipeline(file, {
    out: `${run}-2`,
    set: { 'models.chat.openai.replicas': await urlOf(other, SUM_WRONG) },
  });
  await changed.result;
  await other.stop();
  const { difference, reasons } = await replayRun(run);
  assert.equal(difference?.file, 'shards/shard-00001.parquet');
  assert.deepEqual([difference.at?.row, difference.at?.column], [1, 'responses']);
  assert.match(difference.at!.found, /boxed\{12\}/);
  assert.match(difference.at!.expected, /boxed\{99\}/);
  assert.match(reasons.join(' '), /the server answered otherwise/);
});

const SUM_WRONG = (text: string): string | null => (/ 6 /.test(text) ? 'It is \\boxed{99}.' : SUM(text));

async function urlOf(world: World, answer: World['answer']): Promise<string[]> {
  world.answer = answer;
  const [, url] = /replicas: \["([^"]+)"/.exec(readFileSync(world.file, 'utf8'))!;
  return [url!];
}

test('a pipeline that decides other rows, a copy that was changed and a store that is gone are said', async () => {
  const { file, run, store, stop } = await worldOf();
  await stop();
  const other = file.replace('pipeline.yaml', 'other.yaml');
  writeFileSync(other, `${readFileSync(file, 'utf8')}seed: 4\n`);
  await assert.rejects(replayRun(run, { pipeline: other }), {
    code: 'ERR_RUN_FOLDER',
    message: /decides its rows otherwise.*\n {2}seed: 0, now 4/s,
  });
  const snapshot = join(run, 'pipeline.yaml');
  writeFileSync(snapshot, readFileSync(snapshot, 'utf8').replace('name: small', 'name: smell'));
  await assert.rejects(replayRun(run), {
    code: 'ERR_DATA_INVALID',
    message: /pipeline\.yaml was changed; .*--pipeline/,
  });
  assert.equal((await replayRun(run, { pipeline: file })).difference, null);
  rmSync(store, { recursive: true });
  await assert.rejects(replayRun(run, { pipeline: file }), {
    code: 'ERR_STORE_OPEN',
    message: /no store of replies at/,
  });
});

test('a place for temporary files that is not there is named', async () => {
  const { run, stop } = await worldOf();
  await stop();
  const before = process.env['TMPDIR'];
  process.env['TMPDIR'] = join(run, 'nothing');
  try {
    await assert.rejects(replayRun(run), {
      code: 'ERR_IO_WRITE',
      message: /ENOENT\): name another one in TMPDIR/,
    });
  } finally {
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
  }
});

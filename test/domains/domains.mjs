// What the tests of pipelines share: the model behind a server, a user's folder with a copied pipeline, and what a run has written.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { startLlamaServer } from '../interop/llamaServer.mjs';

const here = dirname(fileURLToPath(import.meta.url));
export const root = join(here, '..', '..');
const MAIN = join(root, 'dist', 'src', 'cli', 'main.js');
const python = process.env.SCALEQUEST_PYTHON;
assert.ok(python, 'run these tests by `npm run test:domains`, which brings the model');

/** SmolLM2 135M Instruct: ChatML, and a template of its own in the file. */
export const smollm = join(dirname(python), '..', 'smollm2-135m-instruct.gguf');
/** A model of a pipeline in the embedded engine. */
export const engine = (name) =>
  `models.${name}={ llamaCpp: { path: ${smollm}, processes: 2, sequences: 4, contextTokens: 1024 } }`;

const KEY = 'sk-domains-0420';
/** One for each core of a machine of CI; each has one thread. */
const SERVERS = Number(process.env.SCALEQUEST_SERVERS ?? 2);

/**
 * llama.cpp's servers with the model, and before them a counter of the replies that they gave, which asks them by turns: `url` is the
 * counter's. `afterReplies(n)` resolves when so many more have been given.
 */
export async function startModel(t) {
  const options = { model: smollm, key: KEY, slots: 8, contextTokens: 2048 };
  const servers = await Promise.all(Array.from({ length: SERVERS }, () => startLlamaServer(options)));
  const counter = { asked: 0, replies: 0, waiting: [] };
  const proxy = createServer((incoming, outgoing) => {
    const headers = { ...incoming.headers, authorization: `Bearer ${KEY}` };
    counter.asked += 1;
    const { url } = servers[counter.asked % SERVERS];
    const asked = request(url + incoming.url, { method: incoming.method, headers }, (reply) => {
      outgoing.writeHead(reply.statusCode, reply.headers);
      reply.pipe(outgoing);
      reply.on('end', () => {
        if (incoming.method !== 'POST') return;
        counter.replies += 1;
        for (const look of counter.waiting) look();
      });
    });
    asked.on('error', () => outgoing.destroy());
    outgoing.on('close', () => asked.destroy());
    incoming.pipe(asked);
  });
  await once(proxy.listen(0, '127.0.0.1'), 'listening');
  t.after(async () => {
    proxy.closeAllConnections();
    proxy.close();
    for (const server of servers) await server.stop();
  });
  const afterReplies = (more) =>
    new Promise((resolve) => {
      const wanted = counter.replies + more;
      counter.waiting.push(() => counter.replies >= wanted && resolve());
    });
  return {
    url: `http://127.0.0.1:${proxy.address().port}/v1`,
    replies: () => counter.replies,
    afterReplies,
  };
}

/**
 * A folder of a user who has copied the pipeline, with data of the tests beside it. SCALEQUEST_KEPT names a folder in which these folders
 * stay, to look at.
 */
export async function userFolder(t, pipeline, ...data) {
  const kept = process.env.SCALEQUEST_KEPT;
  const folder = mkdtempSync(join(kept ?? tmpdir(), `scalequest-${pipeline}-`));
  if (!kept) t.after(() => rmSync(folder, { recursive: true, force: true }));
  for (const name of data) cpSync(join(here, 'data', name), join(folder, name));
  const { code, stdout, stderr } = await scalequest(folder, ['init', pipeline]).result;
  assert.equal(code, 0, stdout + stderr);
  return folder;
}

export function scalequest(folder, args, env = {}) {
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd: folder,
    env: { ...process.env, ...env },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr']) {
    child[name].setEncoding('utf8').on('data', (chunk) => (said[name] += chunk));
  }
  const result = once(child, 'close').then(([code]) => ({ code, ...said }));
  /** With `--progress json`: resolves when the run's models have written so many tokens. */
  const writes = (tokens) =>
    new Promise((resolve) => {
      child.stdout.on('data', () => {
        const counts = said.stdout.matchAll(/"completionTokens":(\d+)/g);
        if (Array.from(counts).some(([, count]) => Number(count) >= tokens)) resolve();
      });
    });
  return { result, writes, kill: () => process.kill(-Number(child.pid), 'SIGKILL') };
}

async function succeeds(folder, args, env) {
  const { code, stdout, stderr } = await scalequest(folder, args, env).result;
  assert.equal(code, 0, `scalequest ${args.join(' ')}\n${stdout.slice(-3000)}${stderr.slice(-3000)}`);
  return stdout + stderr;
}

/**
 * Checks the file, runs it, kills it after `killedAfter` replies of the server, or tokens of the embedded engine, and goes on; then runs it again in another folder with the same
 * store, where nobody may be asked, and compares every file of both sets; then `verify` and `verify --replay`.
 */
export async function runAsUser(t, { folder, file, sets, env, model, killedAfter }) {
  const args = ['--progress', 'none', ...sets.flatMap((set) => ['--set', set])];
  await succeeds(folder, ['check', file, ...args.slice(2)], env);
  const killed = scalequest(
    folder,
    ['run', file, '--out', 'runs/a', '--progress', 'json', ...args.slice(2)],
    env,
  );
  const reached = await Promise.race([
    (model ? model.afterReplies(killedAfter) : killed.writes(killedAfter)).then(() => true),
    killed.result.then(({ stdout, stderr }) => `ended before its kill:\n${stdout}${stderr}`),
  ]);
  assert.equal(reached, true, String(reached));
  killed.kill();
  assert.equal((await killed.result).code, null, 'it was killed');
  await succeeds(folder, ['run', file, '--out', 'runs/a', ...args], env);

  const asked = model?.replies();
  await succeeds(folder, ['run', file, '--out', 'runs/b', ...args], env);
  assert.equal(model?.replies(), asked, 'the second run had every reply from the store');
  for (const part of ['shards', 'rejects'])
    assert.deepEqual(bytesOf(folder, 'b', part), bytesOf(folder, 'a', part), part);
  await succeeds(folder, ['verify', 'runs/a'], env);
  await succeeds(folder, ['verify', 'runs/a', '--replay'], env);
  assert.equal(model?.replies(), asked, 'a replay asks nobody');

  const report = JSON.parse(readFileSync(join(folder, 'runs', 'a', 'report.json'), 'utf8'));
  const [kept, lost] = [await readTable(folder, 'shards'), await readTable(folder, 'rejects')];
  t.diagnostic(funnel(report));
  return { report, kept, lost, page: join(folder, 'runs', 'a', 'report.html') };
}

function filesOf(folder, run, part) {
  const path = join(folder, 'runs', run, part);
  return existsSync(path)
    ? readdirSync(path)
        .sort()
        .map((name) => join(path, name))
    : [];
}

const bytesOf = (folder, run, part) =>
  filesOf(folder, run, part).map((path) => readFileSync(path).toString('base64'));

/** The rows of a run's Parquet files, and the type of each column as the files have it. */
async function readTable(folder, part) {
  const rows = [];
  const types = {};
  for (const path of filesOf(folder, 'a', part)) {
    const file = await asyncBufferFromFile(path);
    for (const { name, type, converted_type } of (await parquetMetadataAsync(file)).schema) {
      types[name] = converted_type ?? type;
    }
    rows.push(...(await parquetReadObjects({ file, compressors })));
  }
  return { rows, types };
}

/** How many rows each step lost for each reason, by `step reason`. Each has a reason. */
export function countCodes(lost) {
  const codes = {};
  for (const { step, reason } of lost) {
    assert.match(reason, /^(ROW_[A-Z_]+|[a-z][A-Za-z]+)$/, `${step} lost a row without a code`);
    codes[`${step} ${reason}`] = (codes[`${step} ${reason}`] ?? 0) + 1;
  }
  return codes;
}

function funnel({ funnel: steps, rowsIn, rowsKept }) {
  const parts = steps.map(({ step, rowsIn: asked, kept }) => `${step} ${kept}/${asked}`);
  return `${rowsKept} of ${rowsIn} rows kept: ${parts.join(', ')}`;
}

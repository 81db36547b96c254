import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { appendFileSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type PushOptions, type PushResult, pushRun, runPipeline, systemWorld } from '../../src/index.js';
import { temporaryFolder } from '../helpers/commandLine.js';
import { type HubServer, startHubServer } from '../helpers/servers/hubServer.js';
import { smallPipeline } from '../helpers/runs/smallPipeline.js';

const REPO = 'me/small';

async function serve(t: TestContext, options = {}): Promise<HubServer> {
  const server = await startHubServer(options);
  t.after(() => server.close());
  return server;
}

/** A finished run of four rows in two shards, with an export. */
async function finished(set: Record<string, unknown> = {}): Promise<string> {
  const { file, out } = smallPipeline();
  const exports = { chat: { format: 'queryResponse', question: 'question', response: 'question' } };
  appendFileSync(file, `exports: ${JSON.stringify(exports)}\n`);
  await (
    await runPipeline(file, { out, set })
  ).result;
  return out;
}

function push(server: HubServer, folder: string, options: PushOptions = {}, env = {}): Promise<PushResult> {
  const { clock } = systemWorld();
  // Waits between tries are cut short.
  const sleep = (_ms: number, signal?: AbortSignal): Promise<void> => clock.sleep(1, signal);
  return pushRun(folder, REPO, options, {
    ...systemWorld(),
    clock: { ...clock, sleep },
    env: { HF_TOKEN: server.token, HF_ENDPOINT: server.url, ...env },
  });
}

const uploads = (server: HubServer): string[] =>
  server.requests.filter((each) => each.startsWith('PUT /lfs/'));

test('the set comes to a private repository as it lies in the run folder, with its card and its checksums', async (t) => {
  const server = await serve(t);
  const folder = await finished();
  const { url, files, sent, removed } = await push(server, folder);
  assert.equal(url, `${server.url}/datasets/${REPO}`);
  assert.deepEqual([sent?.length, removed], [files.length, []]);
  const repo = server.repos.get(REPO)!;
  assert.deepEqual([repo.isPrivate, repo.commits], [true, 1]);
  const paths = [...repo.files.keys()].filter((path) => path !== '.gitattributes').sort();
  assert.deepEqual(paths, files.map(({ path }) => path).sort());
  for (const path of [
    'shards/shard-00000.parquet',
    'shards/shard-00001.parquet',
    'manifest.jsonl',
    'report.json',
  ])
    assert.ok(repo.files.get(path)!.equals(readFileSync(join(folder, path))), path);
  assert.ok(paths.some((path) => path.startsWith('exports/chat/') && path.endsWith('.parquet')));
  assert.ok(!paths.some((path) => /^(rejects|state)\/|log\.jsonl|performance/.test(path)));
  for (const line of repo.files.get('SHA256SUMS')!.toString().trim().split('\n')) {
    const [sum, path] = line.split('  ');
    assert.equal(createHash('sha256').update(repo.files.get(path!)!).digest('hex'), sum, path);
  }
});

test('the card names the repository to load, and each export as a configuration', async (t) => {
  const server = await serve(t);
  await push(server, await finished());
  const card = server.repos.get(REPO)!.files.get('README.md')!.toString();
  assert.ok(card.includes(`load_dataset("${REPO}"`) && !card.includes('path/to/this/folder'));
  assert.match(card, /config_name: default\n[^]*path: shards\/\*\.parquet/);
  assert.match(card, /config_name: "?chat"?\n[^]*exports\/chat\//);
});

test('pushed again, nothing is sent; what has changed is, and what is gone is removed; files of others stay', async (t) => {
  const server = await serve(t);
  const folder = await finished();
  await push(server, folder);
  const before = server.requests.length;
  assert.deepEqual((await push(server, folder)).sent, []);
  assert.ok(!server.requests.slice(before).some((each) => /commit|PUT/.test(each)));
  const repo = server.repos.get(REPO)!;
  repo.files.set('LICENSE', Buffer.from('mine'));
  repo.files.set('shards/shard-00009.parquet', Buffer.from('of an earlier push'));
  repo.files.set('report.json', Buffer.from('changed'));
  const { sent, removed } = await push(server, folder);
  assert.deepEqual([sent, removed], [['report.json'], ['shards/shard-00009.parquet']]);
  assert.ok(repo.files.has('LICENSE') && !repo.files.has('shards/shard-00009.parquet'));
});

test('large files go in parts where the hub asks for parts', async (t) => {
  const server = await serve(t, { partBytes: 500 });
  const folder = await finished();
  await push(server, folder);
  const shard = readFileSync(join(folder, 'shards/shard-00000.parquet'));
  assert.ok(shard.length > 500);
  assert.ok(server.repos.get(REPO)!.files.get('shards/shard-00000.parquet')!.equals(shard));
});

for (const fault of [500, 429, 'cut'] as const) {
  test(`a ${fault} in the middle is outlasted, and what has come is not sent anew`, async (t) => {
    const server = await serve(t);
    const folder = await finished();
    let uploadsSeen = 0;
    server.fault = (request) => {
      if (!request.startsWith('PUT /lfs/')) return undefined;
      uploadsSeen += 1;
      return uploadsSeen === 2 ? fault : undefined;
    };
    const retries: string[] = [];
    await push(server, folder, { onRetry: (reason) => retries.push(reason) });
    assert.equal(server.repos.get(REPO)!.commits, 1);
    assert.ok(retries.length >= 1);
    const succeeded = uploads(server).length - 1;
    const large = readdirSync(join(folder, 'shards')).length + 1;
    assert.ok(succeeded <= large + 1, `${succeeded} uploads of ${large} files`);
  });
}

test('a hub that goes on failing ends the push; the next one sends what is missing', async (t) => {
  const server = await serve(t);
  const folder = await finished();
  const first = new Set<string>();
  server.fault = (request) => {
    if (!request.startsWith('PUT /lfs/')) return undefined;
    if (first.size === 0) first.add(request);
    return first.has(request) ? undefined : 503;
  };
  await assert.rejects(push(server, folder), {
    code: 'ERR_HUB_REFUSED',
    message: /found 503.*goes on with what has come/,
  });
  assert.equal(server.repos.get(REPO)!.commits, 0);
  server.fault = undefined;
  const before = uploads(server).length;
  await push(server, folder);
  const after = uploads(server).slice(before);
  assert.ok(after.length > 0 && !after.some((request) => first.has(request)));
  assert.equal(server.repos.get(REPO)!.commits, 1);
});

test('a dry run lists files and bytes, and asks nobody', async (t) => {
  const server = await serve(t);
  const { files, sent } = await push(server, await finished(), { dryRun: true }, { HF_TOKEN: undefined });
  assert.equal(sent, null);
  assert.ok(files.some(({ path, sizeBytes }) => path === 'shards/shard-00000.parquet' && sizeBytes > 100));
  assert.deepEqual(server.requests, []);
});

test('an unfinished run is refused, and pushed with what it has by --partial', async (t) => {
  const server = await serve(t);
  const { file, out } = smallPipeline();
  const stop = new AbortController();
  const run = await runPipeline(file, {
    out,
    set: { 'source.batchRows': 1, 'source.windowRows': 1, 'output.shardRows': 1 },
    signal: stop.signal,
  });
  run.events.subscribe(({ event }) => event === 'committed' && stop.abort());
  await assert.rejects(run.result, { code: 'ERR_CANCELLED' });
  await assert.rejects(push(server, out), { code: 'ERR_RUN_FOLDER', message: /unfinished run.*--partial/ });
  assert.deepEqual(server.requests, []);
  await push(server, out, { partial: true });
  const paths = [...server.repos.get(REPO)!.files.keys()];
  assert.ok(
    paths.includes('shards/shard-00000.parquet') &&
      paths.includes('README.md') &&
      !paths.includes('report.json'),
  );
});

test('a damaged run is not pushed; one whose card a person has edited is, with that card', async (t) => {
  const server = await serve(t);
  const folder = await finished();
  appendFileSync(join(folder, 'README.md'), '\nLicence: mine.\n');
  await push(server, folder);
  assert.match(server.repos.get(REPO)!.files.get('README.md')!.toString(), /Licence: mine\.\n$/);
  const shard = join(folder, 'shards/shard-00000.parquet');
  const bytes = readFileSync(shard);
  bytes[100]! ^= 1;
  writeFileSync(shard, bytes);
  await assert.rejects(push(server, folder), {
    code: 'ERR_DATA_INVALID',
    message: /shards\/shard-00000\.parquet/,
  });
});

test('a repository that holds another set, or is public, is left alone unless that is wanted', async (t) => {
  const server = await serve(t);
  await push(server, await finished({ seed: 1 }));
  const other = await finished({ seed: 2 });
  await assert.rejects(push(server, other), { code: 'ERR_HUB_REFUSED', message: /another set.*--replace/ });
  await push(server, other, { replace: true });
  assert.equal(server.repos.get(REPO)!.commits, 2);
  server.repos.get(REPO)!.isPrivate = false;
  await assert.rejects(push(server, other), {
    code: 'ERR_HUB_REFUSED',
    message: /public, expected a private one.*--public/,
  });
  assert.deepEqual((await push(server, other, { public: true })).sent, []);
});

test('tokens, names and sizes that are refused are said with what to do', async (t) => {
  const server = await serve(t, { fileBytesMax: 10 });
  const folder = await finished();
  const refused = (env: object, message: RegExp): Promise<void> =>
    assert.rejects(push(server, folder, {}, env), { code: 'ERR_HUB_REFUSED', message });
  await refused({ HF_TOKEN: undefined }, /found no HF_TOKEN/);
  await refused({ HF_TOKEN: 'sk-wrong kind' }, /a text that is no token/);
  await refused({ HF_TOKEN: 'hf_wrongwrongwrong' }, /found 401 .*HF_TOKEN/);
  await refused({}, /found 413 .*output\.shardRows/);
  const world = { ...systemWorld(), env: { HF_TOKEN: server.token, HF_ENDPOINT: server.url } };
  await assert.rejects(pushRun(folder, 'others/set', {}, world), {
    message: /found 403 .*a repository of your own/,
  });
  for (const name of ['set', 'a/b/c', '../x', 'a/ b', '/x'])
    await assert.rejects(pushRun(folder, name, {}, world), {
      code: 'ERR_USAGE',
      message: /expected owner\/name/,
    });
  await assert.rejects(pushRun(temporaryFolder(), REPO, {}, world), { code: 'ERR_RUN_FOLDER' });
});

test('no hub at the address is said, without the token', async () => {
  const { clock } = systemWorld();
  const env = { HF_TOKEN: 'hf_secretsecretsecret', HF_ENDPOINT: 'http://127.0.0.1:9' };
  const world = { ...systemWorld(), env, clock: { ...clock, sleep: () => Promise.resolve() } };
  await assert.rejects(pushRun(await finished(), REPO, {}, world), (error: Error & { code: string }) => {
    assert.equal(error.code, 'ERR_HUB_UNREACHABLE');
    assert.match(error.message, /no answer from http:\/\/127\.0\.0\.1:9/);
    return !error.message.includes('secretsecret');
  });
});

test('the token is in no file that is pushed, and a secret of the environment in the pipeline file ends the push', async (t) => {
  const server = await serve(t);
  const folder = await finished();
  await push(server, folder);
  assert.ok(!server.bodies.some((body) => body.includes(server.token)));
  for (const bytes of server.repos.get(REPO)!.files.values()) assert.ok(!bytes.includes(server.token));
  const leaked = { SOLVER_API_KEY: 'deduplicate: { similarityMin' };
  await assert.rejects(push(server, folder, {}, leaked), {
    code: 'ERR_DATA_INVALID',
    message: /found the value of SOLVER_API_KEY in README\.md/,
  });
});

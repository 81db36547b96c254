import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { runPipeline } from '../../../src/index.js';
import { startCommand } from '../../helpers/commandLine.js';
import { type HubServer, startHubServer } from '../../helpers/servers/hubServer.js';
import { smallPipeline } from '../../helpers/runs/smallPipeline.js';

async function serve(t: TestContext): Promise<HubServer> {
  const server = await startHubServer();
  process.env['HF_ENDPOINT'] = server.url;
  process.env['HF_TOKEN'] = server.token;
  t.after(async () => {
    delete process.env['HF_ENDPOINT'];
    delete process.env['HF_TOKEN'];
    await server.close();
  });
  return server;
}

async function finished(): Promise<string> {
  const { file, out } = smallPipeline();
  await (
    await runPipeline(file, { out })
  ).result;
  return out;
}

test('push --dry-run lists files with their bytes and sends nothing; push says where the set is', async (t) => {
  const server = await serve(t);
  const folder = await finished();
  const dry = await startCommand(['push', folder, 'me/small', '--dry-run']).result;
  assert.equal(dry.code, 0, dry.stderr);
  assert.match(dry.stdout, /^ +\d+ {2}shards\/shard-00000\.parquet$/m);
  assert.match(dry.stdout, /would go to http.*\/datasets\/me\/small \(private\); nothing was sent$/m);
  assert.deepEqual(server.requests, []);
  const pushed = await startCommand(['push', folder, 'me/small']).result;
  assert.equal(pushed.code, 0, pushed.stderr);
  assert.match(pushed.stdout, /^(\d+) of \1 files sent\nhttp.*\/datasets\/me\/small\n$/);
  assert.match(pushed.stderr, /^sent shards\/shard-00000\.parquet$/m);
  assert.ok(!`${pushed.stdout}${pushed.stderr}`.includes(server.token));
});

test('a push that is killed in the middle goes on: what has come is not sent anew, and the set is whole', async (t) => {
  const server = await serve(t);
  const folder = await finished();
  const uploads = (): string[] => server.requests.filter((each) => each.startsWith('PUT /lfs/'));
  const come = new Set<string>();
  // All but the first large file fail, so that the push waits to try again.
  server.fault = (request) => {
    if (!request.startsWith('PUT /lfs/')) return undefined;
    if (come.size === 0) come.add(request);
    return come.has(request) ? undefined : 503;
  };
  const { child, result } = startCommand(['push', folder, 'me/small']);
  while (uploads().length < 2) await delay(10);
  process.kill(-child.pid!, 'SIGKILL');
  await result;
  server.fault = undefined;
  const before = uploads().length;
  const again = await startCommand(['push', folder, 'me/small']).result;
  assert.equal(again.code, 0, again.stderr);
  assert.ok(
    !uploads()
      .slice(before)
      .some((request) => come.has(request)),
  );
  const { files } = server.repos.get('me/small')!;
  for (const path of ['shards/shard-00000.parquet', 'shards/shard-00001.parquet', 'README.md'])
    assert.ok(files.has(path), path);
});

test('without a token the command says what to do', async (t) => {
  await serve(t);
  delete process.env['HF_TOKEN'];
  const { code, stderr } = await startCommand(['push', await finished(), 'me/small']).result;
  assert.equal(code, 1);
  assert.match(stderr, /found no HF_TOKEN .*\[ERR_HUB_REFUSED\]/);
});

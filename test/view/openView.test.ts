import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { runPipeline } from '../../src/run/runPipeline.js';
import { systemWorld } from '../../src/run/systemWorld.js';
import { openLiveView } from '../../src/view/openLiveView.js';
import { openView } from '../../src/view/openView.js';
import { temporaryFolder } from '../helpers/commandLine.js';
import { finishedRun } from '../helpers/runs/finishedRun.js';
import { smallPipeline } from '../helpers/runs/smallPipeline.js';

async function viewed(t: TestContext, other: string | null = null) {
  const { run } = await finishedRun(6);
  const view = await openView(run, { other });
  t.after(() => view.close());
  return { run, url: view.url };
}

const json = async (url: string): Promise<Record<string, unknown>> =>
  (await fetch(url)).json() as Promise<Record<string, unknown>>;

test('the page, its files, the run and ranges of its committed files are served', async (t) => {
  const { run, url } = await viewed(t);
  const page = await fetch(url);
  assert.match(await page.text(), /<script type="module" src="assets\/view\.js">/);
  assert.match(page.headers.get('content-security-policy')!, /default-src 'none'; script-src 'self'/);
  assert.equal(page.headers.get('referrer-policy'), 'no-referrer');
  for (const name of ['view.js', 'view.css', 'style.css', 'math.css'])
    assert.equal((await fetch(`${url}assets/${name}`)).status, 200, name);
  const facts = await json(`${url}api/run`);
  assert.deepEqual(
    [facts['name'], facts['kept'], facts['isComplete'], facts['isRunning']],
    ['small', 6, true, false],
  );
  const [shard] = facts['shards'] as { file: string; bytes: number }[];
  const part = await fetch(`${url}files/${shard!.file}`, { headers: { range: 'bytes=4-11' } });
  assert.equal(part.status, 206);
  const bytes = readFileSync(join(run, shard!.file));
  assert.equal(part.headers.get('content-range'), `bytes 4-11/${bytes.length}`);
  assert.deepEqual(Buffer.from(await part.arrayBuffer()), bytes.subarray(4, 12));
  assert.deepEqual(Buffer.from(await (await fetch(`${url}files/${shard!.file}`)).arrayBuffer()), bytes);
  const beyond = await fetch(`${url}files/${shard!.file}`, { headers: { range: 'bytes=99999999-' } });
  assert.equal(beyond.status, 416);
  const row = (await json(`${url}api/row?seq=2`)) as { committed: { kept: { question: string }[] } };
  assert.equal(row.committed.kept[0]!.question, 'What is 2?');
});

test('nothing else is served: no other file, no other path, nothing without the token', async (t) => {
  const { url } = await viewed(t);
  const paths = ['files/manifest.jsonl', 'files/pipeline.yaml', 'files/shards/../manifest.jsonl', 'api/none'];
  const encoded = [
    'files/shards%2f..%2fmanifest.jsonl',
    'files/..%2fin.jsonl',
    'assets/..%2findex.js',
    'api/diff',
  ];
  for (const path of [...paths, ...encoded]) assert.equal((await fetch(url + path)).status, 404, path);
  assert.equal((await fetch(`${url}api/row?seq=x`)).status, 400);
  assert.equal((await fetch(new URL('/', url))).status, 403);
  const { port, pathname } = new URL(url);
  const socket = connect(Number(port), '127.0.0.1');
  socket.write(`GET ${pathname}api/run HTTP/1.1\r\nhost: evil.example:${port}\r\n\r\n`);
  const [answer] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  assert.match(answer.toString(), /^HTTP\/1\.1 403/);
  const post = await fetch(`${url}control/stop`, {
    method: 'POST',
    headers: { origin: new URL(url).origin },
  });
  assert.equal(post.status, 409, 'a run of another process cannot be stopped');
});

test('two runs are compared; a folder without a run, and a taken port, are refused at once', async (t) => {
  const { run } = await finishedRun(6, ['target: 2']);
  const { url } = await viewed(t, run);
  const diff = (await json(`${url}api/diff`)) as { rows: { keptByBoth: number } };
  assert.equal(diff.rows.keptByBoth, 2);
  await assert.rejects(openView(temporaryFolder()), { code: 'ERR_RUN_FOLDER' });
  const port = Number(new URL(url).port);
  await assert.rejects(openView(run, { port }), {
    code: 'ERR_VIEW_LISTEN',
    message: new RegExp(`port ${port} taken`),
  });
});

async function liveRun(t: TestContext) {
  const { file, out } = smallPipeline();
  const stop = new AbortController();
  const run = await runPipeline(file, { out, set: { 'source.windowRows': 2 }, signal: stop.signal });
  run.setPaused(true);
  const view = await openLiveView({ stop: () => stop.abort() });
  view.follow(run);
  t.after(() => view.close());
  const post = async (path: string): Promise<number> =>
    (await fetch(view.url + path, { method: 'POST', headers: { origin: new URL(view.url).origin } })).status;
  return { run, view, post };
}

/** The names of the events that a page is told, until one that `isLast`. */
async function heard(url: string, isLast: (text: string) => boolean): Promise<string> {
  let text = '';
  const reader = (await fetch(`${url}events`)).body!.getReader();
  while (!isLast(text)) {
    const { value, done } = await reader.read();
    if (done) break;
    text += Buffer.from(value).toString();
  }
  void reader.cancel();
  return text;
}

test('a run that is paused from its page reads no row, goes on from there, and ends with the same set', async (t) => {
  const { run, view, post } = await liveRun(t);
  await heard(view.url, (text) => text.includes('"flowing"'));
  await new Promise((resolve) => setTimeout(resolve, 300));
  const paused = await json(`${view.url}api/run`);
  assert.deepEqual([paused['positions'], paused['isRunning']], [0, true]);
  const ended = heard(view.url, (text) => text.includes('"event":"finished"'));
  assert.equal(await post('control/resume'), 200);
  const { report } = await run.result;
  assert.deepEqual([report.rowsIn, report.rowsKept], [5, 4]);
  assert.match(await ended, /event: folder/);
  assert.equal((await json(`${view.url}api/run`))['isComplete'], true);
});

test('stop from the page ends the run as Ctrl-C does', async (t) => {
  const { run, post } = await liveRun(t);
  assert.equal(await post('control/none'), 404);
  assert.equal(await post('control/stop'), 200);
  await assert.rejects(run.result, { code: 'ERR_CANCELLED' });
});

test('what the environment filled in is told to no page', async (t) => {
  const { file, out } = smallPipeline();
  const secret = 'hunter2-secret-value';
  const world = { ...systemWorld(), env: { SECRET: secret } };
  const run = await runPipeline(file, { out, set: { name: '${SECRET}' } }, world);
  const view = await openLiveView({ stop: () => {} }, world);
  view.follow(run);
  t.after(() => view.close());
  const told = heard(view.url, (text) => text.includes('"event":"finished"'));
  await run.result;
  const texts = [
    await told,
    JSON.stringify(await json(`${view.url}api/run`)),
    JSON.stringify(await json(`${view.url}api/row?seq=1`)),
  ];
  for (const text of texts)
    assert.ok(
      !text.includes(secret),
      text.slice(Math.max(0, text.indexOf(secret) - 300), text.indexOf(secret) + 50),
    );
});

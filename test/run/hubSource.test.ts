import assert from 'node:assert/strict';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { runPipeline } from '../../src/run/runPipeline.js';
import { planPipeline } from '../../src/run/plan/planPipeline.js';
import { systemWorld } from '../../src/run/systemWorld.js';
import { hashesOf, temporaryFolder } from '../helpers/commandLine.js';
import { addSet, startReadHubServer } from '../helpers/readHubServer.js';

function linesOf(from: number, count: number, word: string): string {
  return Array.from(
    { length: count },
    (_, at) => `${JSON.stringify({ question: `${word} ${from + at}?` })}\n`,
  ).join('');
}

const FILE = [
  'name: hubbed',
  'source: { windowRows: 4, batchRows: 2, hub: { dataset: me/set, files: "*.jsonl" } }',
  'steps: [{ deduplicate: {} }]',
  'store: none',
  'output: { shardRows: 4 }',
  '',
].join('\n');

test('a run that the hub ends goes on at the commit at which it began, though the branch has moved', async (t) => {
  const server = await startReadHubServer();
  t.after(() => server.close());
  const files = { 'a.jsonl': linesOf(0, 10, 'Why'), 'b.jsonl': linesOf(10, 10, 'Who') };
  addSet(server, 'me/set', files, { access: 'private' });
  const folder = temporaryFolder();
  const file = join(folder, 'hubbed.yaml');
  writeFileSync(file, FILE);
  const env = { HF_ENDPOINT: server.url, HF_TOKEN: server.token };
  const world = { ...systemWorld(), env };
  const run = async (out: string) => (await runPipeline(file, { out: join(folder, out) }, world)).result;

  const { parts } = await planPipeline(file, {}, world);
  assert.deepEqual([server.requests, parts['source.hub.dataset']], [[], '"me/set"']);

  await run('whole');
  server.fault = (request) => (request.endsWith('b.jsonl') ? 404 : undefined);
  await assert.rejects(run('broken'), { code: 'ERR_HUB_REFUSED' });
  assert.ok(readdirSync(join(folder, 'broken', 'shards')).length > 0);
  server.fault = undefined;
  addSet(server, 'me/set', { 'a.jsonl': linesOf(50, 30, 'How') }, { commit: 'b'.repeat(40) });
  await run('broken');

  const shards = (out: string) => hashesOf(join(folder, out, 'shards'));
  assert.deepEqual(shards('broken'), shards('whole'));
  assert.ok(Object.keys(shards('whole')).length >= 5);
  for (const name of readdirSync(join(folder, 'broken'), { recursive: true }) as string[]) {
    const path = join(folder, 'broken', name);
    if (/\.(jsonl|json|yaml|md|html|log)$/.test(name))
      assert.ok(!readFileSync(path, 'utf8').includes(server.token), name);
  }
});

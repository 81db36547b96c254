import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { hostCommand } from '../helpers/commandHost.js';
import { hashesOf, temporaryFolder } from '../helpers/commandLine.js';
import { QUICKSTART } from '../helpers/runs/pipelineWorld.js';

/** The quickstart in small, on the bundled model: what only decides how fast rows come must not change a byte. */

const SIZE = ['target=4', 'output.shardRows=2', 'steps.respond.n=2'];

const KNOBS = [
  ['source.windowRows=24', 'source.batchRows=8', 'models.tiny.llamaCpp.processes=2'],
  [
    'source.windowRows=10',
    'source.batchRows=5',
    'models.tiny.llamaCpp.processes=1',
    'models.tiny.llamaCpp.sequences=3',
  ],
];

async function dataOf(knobs: readonly string[]): Promise<Record<string, string>> {
  const out = join(temporaryFolder(), 'out');
  const set = [...SIZE, ...knobs].flatMap((override) => ['--set', override]);
  const { code, stderr } = await hostCommand(['run', QUICKSTART, '--out', out, ...set]);
  assert.equal(code, 0, stderr);
  const hashes = Object.entries(hashesOf(out)).filter(([name]) => /^(shards|rejects)/.test(name));
  return Object.fromEntries(hashes);
}

test('other windows, batches, sequences and processes: the same bytes in every shard and every rejects table', async () => {
  const [one, other] = [await dataOf(KNOBS[0]!), await dataOf(KNOBS[1]!)];
  assert.deepEqual(other, one);
  const names = Object.keys(one);
  assert.deepEqual(
    names.filter((name) => name.startsWith('shards')),
    [0, 1].map((at) => join('shards', `shard-0000${at}.parquet`)),
  );
  assert.ok(names.some((name) => name.startsWith('rejects')));
});

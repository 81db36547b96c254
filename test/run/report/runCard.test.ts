import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { openText } from '../../../src/io/files/seal.js';
import { runPipeline } from '../../../src/run/runPipeline.js';
import { smallPipeline } from '../../helpers/runs/smallPipeline.js';

interface Seen {
  rows: string;
  contents: string;
  isUnfinished: boolean;
  shards: string[];
}

function seenIn(out: string): Seen {
  const text = readFileSync(join(out, 'README.md'), 'utf8');
  assert.ok(openText(text).isWhole);
  const { configs } = parse(text.split('---\n')[1]!) as { configs: { description: string }[] };
  return {
    rows: / (\d+) rows, made with/.exec(` ${text.replaceAll('\n', ' ')}`)![1]!,
    contents: configs[0]!.description,
    isUnfinished: text.includes('has not come to its end'),
    shards: readdirSync(join(out, 'shards')),
  };
}

test('from the first commit on the folder has a card of the rows so far, and at the end one of the whole set', async () => {
  const { file, out } = smallPipeline();
  const run = await runPipeline(file, { out, set: { store: 'none' } });
  const seen: Seen[] = [];
  run.events.subscribe(({ event }) => void (event === 'committed' && seen.push(seenIn(out))));
  await run.result;
  const shards = ['shard-00000.parquet', 'shard-00001.parquet'];
  assert.deepEqual(
    seen.slice(0, 2).map(({ contents: _, ...rest }) => rest),
    [
      { rows: '2', isUnfinished: true, shards: shards.slice(0, 1) },
      { rows: '4', isUnfinished: true, shards },
    ],
  );
  assert.notEqual(seen[0]!.contents, seen[1]!.contents, 'readers that cache by it would show the older rows');
  const { contents: _, ...end } = seenIn(out);
  assert.deepEqual(end, { rows: '4', isUnfinished: false, shards });
});

import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync, renameSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { type RunOptions, runPipeline } from '../../src/index.js';
import { type SystemWorld, systemWorld } from '../../src/run/systemWorld.js';
import { smallPipeline } from '../helpers/runs/smallPipeline.js';

/** Clocks that jump, and paths that are links: the set has the bytes of a run that nothing happened to. */

async function ran(file: string, options: RunOptions, world?: SystemWorld): Promise<void> {
  await (
    await runPipeline(file, options, world)
  ).result;
}

function shardsIn(out: string): Record<string, string> {
  const folder = join(out, 'shards');
  return Object.fromEntries(
    readdirSync(folder).map((name) => [name, readFileSync(join(folder, name)).toString('base64')]),
  );
}

/** A machine whose time of day jumps by years at each look, back and forth, and whose runs stop after some looks at a file. */
function jumpingWorld(seed: number): SystemWorld {
  let looks = seed;
  const now = (): Date => new Date((looks++ % 2 === 0 ? -1 : 1) * looks * 3.2e10);
  return { ...systemWorld(), now };
}

test('a clock that is set back and forth within a run, and between two, changes no byte and holds no lock', async () => {
  const { file, out } = smallPipeline();
  await ran(file, { out });
  const whole = shardsIn(out);
  const other = join(dirname(out), 'jumping');
  const stop = new AbortController();
  const started = await runPipeline(file, { out: other, signal: stop.signal }, jumpingWorld(0));
  started.events.subscribe(({ event }) => event === 'delivered' && stop.abort());
  await started.result.catch(({ code }: { code: string }) => assert.equal(code, 'ERR_CANCELLED'));
  for (let seed = 1; seed < 4; seed++) await ran(file, { out: other }, jumpingWorld(seed));
  assert.deepEqual(shardsIn(other), whole);
  const years = readFileSync(join(other, 'log.jsonl'), 'utf8').match(/"at":"[+-]?\d+/g)!;
  assert.ok(new Set(years).size > 1, years.join());
});

test('a run folder, a source and a pipeline file may be links, and be reached by either name', async () => {
  const { file, out } = smallPipeline();
  const folder = dirname(out);
  await ran(file, { out });
  const whole = shardsIn(out);
  // The run goes on by another name of its folder, with its source moved behind a link.
  renameSync(join(folder, 'in.jsonl'), join(folder, 'rows'));
  symlinkSync('rows', join(folder, 'in.jsonl'));
  symlinkSync('run', join(folder, 'link'));
  symlinkSync('pipeline.yaml', join(folder, 'linked.yaml'));
  await ran(join(folder, 'linked.yaml'), { out: join(folder, 'link') });
  assert.deepEqual(shardsIn(out), whole);
  assert.ok(!existsSync(join(out, 'run.lock')));
  const stop = new AbortController();
  const fresh = join(folder, 'fresh');
  const started = await runPipeline(file, { out: fresh, signal: stop.signal });
  started.events.subscribe(({ event }) => event === 'delivered' && stop.abort());
  await started.result.catch(({ code }: { code: string }) => assert.equal(code, 'ERR_CANCELLED'));
  symlinkSync('fresh', join(folder, 'freshLink'));
  await ran(file, { out: join(folder, 'freshLink') });
  assert.deepEqual(shardsIn(fresh), whole);
});

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { EXIT_CODES } from '../../src/cli/exitCodes.js';
import { cases } from '../helpers/texts/cases.js';
import { temporaryFolder } from '../helpers/commandLine.js';
import { killBundledRuns } from './bundled.js';
import { assertSameBytes, killRuns } from './killed.js';
import { folderBytes, serverPipeline, startRun, startSimulatedServer } from './killedWorld.js';

/** The short version of `npm run test:crash`: real processes, SIGKILL. */

const KILLS = cases(1, 2);

test('killed on the simulated server: the unbroken run’s bytes, and nothing asked twice that was durable', async () => {
  const folder = join(temporaryFolder(), 'series');
  const { kills, repeated, inFlight } = await killRuns({
    folder,
    shape: 'several',
    hasStore: true,
    seed: 2,
    kills: KILLS,
    // All other tests run beside.
    durableMsMax: 1500,
  });
  assert.equal(kills, KILLS);
  assert.ok(repeated <= inFlight);
});

test('killed on the bundled model: the unbroken run’s bytes, and no engine process outlives the run', async () => {
  const folder = join(temporaryFolder(), 'series');
  const { kills, enginesLeft } = await killBundledRuns({
    folder,
    seed: 2,
    kills: 1,
    target: 2,
    windowRows: 8,
    hasStore: true,
    shareMost: 0.5,
  });
  assert.deepEqual([kills, enginesLeft], [1, 0]);
});

test('two starts at once in one folder: one is refused and says who writes, the other comes to its end', async (t) => {
  const server = await startSimulatedServer();
  t.after(() => server.close());
  const folder = temporaryFolder();
  const { file } = serverPipeline(folder, server.url, 'best', 'none');
  const out = join(folder, 'out');
  const starts = [1, 2].map(() => startRun(file, out, []));
  const results = await Promise.all(starts.map(({ ended }) => ended));
  const codes = results.map(({ code }) => code);
  assert.deepEqual(
    [...codes].sort((a, b) => a! - b!),
    [EXIT_CODES.ok, EXIT_CODES.io],
  );
  const refused = codes.indexOf(EXIT_CODES.io);
  assert.match(
    results[refused]!.stderr,
    new RegExp(`process ${starts[1 - refused]!.pid} on .* is writing it, expected one process at a time`),
  );
  const before = folderBytes(out);
  assert.equal((await startRun(file, out, []).ended).code, 0);
  assertSameBytes(folderBytes(out), before);
});

import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type TestContext, before, test } from 'node:test';
import type { RunningEndpoint } from '../../bench/endpoint/start.js';
import { EXIT_CODES } from '../../src/cli/exitCodes.js';
import { nodeFiles } from '../../src/io/files/files.js';
import { summarizeStore } from '../../src/store/tools/summarizeStore.js';
import { temporaryFolder } from '../helpers/commandLine.js';
import { assertSameBytes } from './killed.js';
import {
  type KilledPipeline,
  type Started,
  folderBytes,
  quiet,
  serverPipeline,
  startRun,
  startSimulatedServer,
} from './killedWorld.js';

/** Real processes: a run that stands still or is gone with its machine is taken over by another. */

interface World {
  pipeline: KilledPipeline;
  server: RunningEndpoint;
  out: string;
  store: string;
}

let unbroken: ReadonlyMap<string, Uint8Array>;
let port = 0;
const FOLDER = temporaryFolder();
const [OUT, STORE] = [join(FOLDER, 'run'), join(FOLDER, 'store')];

before(async () => {
  const server = await startSimulatedServer();
  ({ port } = server);
  const { file } = serverPipeline(FOLDER, server.url, 'best', STORE);
  const { code, stderr } = await startRun(file, OUT, []).ended;
  assert.equal(code, 0, stderr);
  unbroken = folderBytes(OUT);
  await server.close();
});

/** A server that has seen no request yet, and nothing on the disk. */
async function worldOf(t: TestContext): Promise<World> {
  for (const path of [OUT, STORE]) rmSync(path, { recursive: true });
  const server = await startSimulatedServer(port);
  t.after(() => server.close());
  const pipeline = serverPipeline(FOLDER, server.url, 'best', STORE);
  return { pipeline, server, out: OUT, store: STORE };
}

/** Starts a run, and waits until it has committed twice. */
async function startedRun({ pipeline, out }: World): Promise<Started> {
  const started = startRun(pipeline.file, out, []);
  while (commitsOf(out) < 2) await sleep(5);
  return started;
}

function commitsOf(out: string): number {
  const path = join(out, 'manifest.jsonl');
  return existsSync(path) ? readFileSync(path, 'utf8').split('\n').length - 2 : 0;
}

/** Requests that the server was asked, less those whose reply can be read in the store. */
async function notDurable({ server, store }: World): Promise<number> {
  const { requests } = await server.stats();
  return requests.total - (await summarizeStore(nodeFiles, store)).replies;
}

async function takeOver({ pipeline, out }: World): Promise<string> {
  const { code, stderr } = await startRun(pipeline.file, out, [], undefined, ['--take-over']).ended;
  assert.equal(code, 0, stderr);
  return stderr;
}

test('a run that stands still is taken over; when it goes on, it ends without writing, and nothing durable was asked twice', async (t) => {
  const world = await worldOf(t);
  const first = await startedRun(world);
  t.after(() => first.kill());
  first.send('SIGSTOP');
  const refused = await startRun(world.pipeline.file, world.out, []).ended;
  assert.equal(refused.code, EXIT_CODES.io);
  assert.match(refused.stderr, new RegExp(`process ${first.pid} on .* is writing it.*add --take-over`));
  const asked = await notDurable(world);
  await takeOver(world);
  assertSameBytes(folderBytes(world.out), unbroken);
  const { requests } = await world.server.stats();
  assert.ok(requests.repeated <= asked, `${requests.repeated} asked again, ${asked} were not durable`);

  const stored = readFileSync(join(world.store, 'data.mdb'));
  first.send('SIGCONT');
  const { code, stderr } = await first.ended;
  assert.equal(code, EXIT_CODES.takenOver, stderr);
  assert.match(stderr, /stopped writing .*: its lock is gone.*\[ERR_RUN_TAKEN_OVER\]/s);
  assertSameBytes(folderBytes(world.out), unbroken);
  assert.deepEqual(
    readFileSync(join(world.store, 'data.mdb')),
    stored,
    'it wrote into the store of the other',
  );
});

test('a run that goes on while it is taken over ends within seconds, and names who has it', async (t) => {
  const world = await worldOf(t);
  const first = await startedRun(world);
  t.after(() => first.kill());
  const second = startRun(world.pipeline.file, world.out, [], undefined, ['--take-over']);
  const [older, newer] = await Promise.all([first.ended, second.ended]);
  assert.equal(newer.code, 0, newer.stderr);
  if (older.code !== 0) {
    assert.equal(older.code, EXIT_CODES.takenOver, older.stderr);
    assert.match(older.stderr, new RegExp(`process ${second.pid} on .* has taken it over|its lock is gone`));
  }
  assertSameBytes(folderBytes(world.out), unbroken);
});

test('a run whose machine is gone goes on elsewhere when told so; what is durable is not asked again', async (t) => {
  const world = await worldOf(t);
  const { out, store, server, pipeline } = world;
  const first = await startedRun(world);
  first.kill();
  await first.ended;
  await quiet(server);
  const asked = await notDurable(world);
  moveToOtherHost(out, store, first.pid);
  const refused = await startRun(pipeline.file, out, []).ended;
  assert.equal(refused.code, EXIT_CODES.io);
  assert.match(refused.stderr, new RegExp(`process ${first.pid} on gone is writing it`));
  await takeOver(world);
  assertSameBytes(folderBytes(out), unbroken);
  const { requests } = await server.stats();
  assert.ok(requests.repeated <= asked, `${requests.repeated} asked again, ${asked} were not durable`);
  assert.deepEqual(
    readdirSync(store).filter((name) => /^open-|tmp$/.test(name)),
    [],
  );
});

/** The files of a dead process as they were if it had been one of the machine `gone`. */
function moveToOtherHost(out: string, store: string, pid: number): void {
  const lock = join(out, 'run.lock');
  const { check: _, ...holder } = JSON.parse(readFileSync(lock, 'utf8')) as Record<string, unknown>;
  assert.equal(holder['pid'], pid);
  writeFileSync(lock, JSON.stringify({ ...holder, host: 'gone' }));
  const names = readdirSync(store).filter((name) => name.startsWith('open-'));
  assert.equal(names.length, 1);
  const own = JSON.parse(readFileSync(join(store, names[0]!), 'utf8')) as Record<string, unknown>;
  writeFileSync(join(store, names[0]!), JSON.stringify({ ...own, host: 'gone', bootId: 'gone' }));
  renameSync(join(store, names[0]!), join(store, `open-gone-${pid}-0.json`));
}

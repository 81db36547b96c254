import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';
import { WORKER_TOKEN_VARIABLE } from '../../src/run/workers/tokenVariable.js';
import { startEndpoint } from '../endpoint/start.js';
import { flag, spread } from '../figures.js';
import { KINDS, pipelineText } from '../million/pipeline.js';

/**
 * What workers cost and take from the coordinator: the steps of the quickstart against a simulated server, with a store, done by one
 * process and by a coordinator with workers, by turns. Then workers are killed, one after another. CPU is counted while rows flow, of
 * all threads; the bytes must be the same.
 *   npm run bench:cluster -- [--rows=20000] [--workers=2] [--rounds=3] [--kills=5]
 */

const rows = flag('rows', 20_000);
const workers = flag('workers', 2);
const rounds = flag('rounds', 3);
const kills = flag('kills', 5);
const KILL_EVERY_MS = 4_000;

const child = (name: string): string => fileURLToPath(new URL(`./${name}.js`, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'scalequest-cluster-'));
const env = { ...process.env, [WORKER_TOKEN_VARIABLE]: 'a-token-of-this-bench' };
const server = await startEndpoint({ timeScale: 0, latencyMs: 5, kinds: KINDS, remembers: false });
const started = new Set<ChildProcess>();
try {
  console.log(
    `${process.version}, load ${loadavg()[0]!.toFixed(1)}, ${rows} source rows, ${workers} workers`,
  );
  const file = join(folder, 'pipeline.yaml');
  writeFileSync(file, pipelineText({ rows, url: server.url }));
  const ratios = { coordinator: [] as number[], total: [] as number[] };
  for (let round = 0; round < rounds; round++) {
    const single = await runOnce(file, `single ${round}`, 0);
    const shared = await runOnce(file, `shared ${round}`, workers);
    assertSame(`single ${round}`, `shared ${round}`);
    const workersS = shared.workersCpuS.reduce((sum, cpuS) => sum + cpuS, 0);
    ratios.coordinator.push(shared.cpuS / single.cpuS);
    ratios.total.push((shared.cpuS + workersS) / single.cpuS);
    const us = (cpuS: number): string => `${((1e6 * cpuS) / rows).toFixed(0)} us`;
    console.log(
      `CPU a row: one process ${us(single.cpuS)}; coordinator ${us(shared.cpuS)}, workers ${us(workersS)}`,
    );
  }
  console.log(`coordinator / one process: ${spread(ratios.coordinator)}, bound 0.35`);
  console.log(`coordinator and workers / one process: ${spread(ratios.total)}, bound 1.4`);
  if (kills > 0) {
    const { elsewhereMs } = await runOnce(file, 'killed', workers + 1, kills);
    assertSame('single 0', 'killed');
    console.log(
      `${elsewhereMs.length} workers killed: their units were elsewhere after ${spread(elsewhereMs, 0)} ms, bound 1000`,
    );
  }
  console.log('the same bytes in every run');
} finally {
  for (const each of started) each.kill('SIGKILL');
  await server.close();
  rmSync(folder, { recursive: true });
}

interface Ran {
  cpuS: number;
  workersCpuS: number[];
  /** From each kill until the coordinator had given the units of that worker to others. */
  elsewhereMs: number[];
}

async function runOnce(file: string, name: string, count: number, killCount = 0): Promise<Ran> {
  const out = join(folder, name);
  const run = start(child('runChild'), [file, `${out}-store`, out, count > 0 ? 'listen' : 'alone']);
  const lines = createInterface({ input: run.stdout! })[Symbol.asyncIterator]();
  const say = async (): Promise<Record<string, unknown>> =>
    JSON.parse((await lines.next()).value as string) as Record<string, unknown>;
  const cpuFiles = Array.from({ length: count }, (_, at) => `${out}-worker-${at}.json`);
  const elsewhereMs: number[] = [];
  if (count > 0) {
    const { url } = await say();
    const own = cpuFiles.map((path) => start(child('workerChild'), [url as string, path]));
    for (let joined = 0; joined < count; joined++) await say();
    for (let kill = 0; kill < killCount; kill++) {
      await delay(KILL_EVERY_MS);
      const [victim] = own.splice(0, 1);
      const killedMs = Date.now();
      victim!.kill('SIGKILL');
      for (let told = await say(); told['event'] !== 'workerLeft'; told = await say());
      elsewhereMs.push(Date.now() - killedMs);
      own.push(start(child('workerChild'), [url as string, cpuFiles[kill % count]!]));
    }
  }
  if (run.exitCode === null) await once(run, 'exit');
  if (run.exitCode !== 0) throw new Error(`${name} ended with ${run.exitCode}`);
  for (const each of started)
    if (each.exitCode === null && each.signalCode === null) await once(each, 'exit');
  started.clear();
  const { cpuS } = JSON.parse(readFileSync(join(out, 'performance.json'), 'utf8')) as { cpuS: number };
  const workersCpuS = killCount > 0 ? [] : cpuFiles.map((path) => Number(readFileSync(path, 'utf8')));
  return { cpuS, workersCpuS, elsewhereMs };
}

function start(path: string, args: readonly string[]): ChildProcess {
  const each = spawn(process.execPath, [path, ...args], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  started.add(each);
  return each;
}

function assertSame(one: string, other: string): void {
  const manifest = (name: string): string => readFileSync(join(folder, name, 'manifest.jsonl'), 'utf8');
  if (manifest(one) !== manifest(other)) throw new Error(`${other} has other bytes than ${one}`);
}

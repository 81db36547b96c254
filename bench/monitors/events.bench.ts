import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { openMetrics, openOtlp, runPipeline } from '../../src/index.js';
import { printTable } from '../../src/run/report/report.js';
import { startEndpoint } from '../endpoint/start.js';
import { flag, median, spread } from '../figures.js';

/**
 * CPU a request (user and system, all threads) and memory of a run with and without those that watch it. The arms take turns in one
 * process; server, scraper, clients and collector have their own.
 *   npm run bench:events -- [--requests=6000] [--rounds=7]
 * Goal: at most 1.03 × the run that nobody watches, and 30 MB more.
 */

const requests = flag('requests', 6000);
const rounds = flag('rounds', 7);
const endpoint = await startEndpoint({
  timeScale: 0,
  latencyMs: 50,
  lengths: { meanTokens: 180, sigma: 0, capTokens: 180 },
});
const folder = mkdtempSync(join(tmpdir(), 'scalequest-events-'));
const file = join(folder, 'pipeline.yaml');
const openai = { replicas: [`${endpoint.url}/v1`], model: 'm', slots: 256, requestsInFlightMax: 256 };
writeFileSync(
  file,
  JSON.stringify({
    ...{ name: 'events', seed: 7, limit: requests, store: 'none' },
    models: { m: { openai, template: 'qwen2-math' } },
    source: { windowRows: 4096 },
    steps: [{ generate: { generators: [{ model: 'm' }], tokensMax: 180 } }],
  }),
);

interface Arm {
  name: string;
  helper?: 'scraper' | 'clients';
  share?: number;
}

const ARMS: readonly Arm[] = [
  { name: 'nobody' },
  { name: 'page' },
  { name: 'page, scraped every 100 ms', helper: 'scraper' },
  { name: 'page, 1,000 clients', helper: 'clients' },
  { name: 'OTLP, a hundredth of the rows', share: 0.01 },
  { name: 'OTLP, a tenth of the rows', share: 0.1 },
  { name: 'OTLP, all rows', share: 1 },
  { name: 'nobody again' },
];

interface Cost {
  cpuUs: number;
  memoryMb: number;
}

const collector = await startHelper('collector');
process.env['OTEL_EXPORTER_OTLP_ENDPOINT'] = `http://127.0.0.1:${collector.port}`;
const costs = new Map<string, Cost[]>(ARMS.map(({ name }) => [name, []]));
await costOf(ARMS[0]!, 'warm-up');
for (let round = 0; round < rounds; round++)
  for (let at = 0; at < ARMS.length; at++) {
    // Each arm comes first, last and between in turn.
    const arm = ARMS[(at + round) % ARMS.length]!;
    costs.get(arm.name)!.push(await costOf(arm, `${round}-${at}`));
  }
collector.child.disconnect();
await endpoint.close();
rmSync(folder, { recursive: true, force: true });

const base = costs.get(ARMS[0]!.name)!;
console.log(
  printTable(
    ['who watches', 'CPU us a request', 'x nobody', 'MB more'],
    ARMS.map(({ name }) => {
      const own = costs.get(name)!;
      const ratios = own.map(({ cpuUs }, round) => cpuUs / base[round]!.cpuUs);
      const more = own.map(({ memoryMb }, round) => memoryMb - base[round]!.memoryMb);
      return [name, median(own.map(({ cpuUs }) => cpuUs)).toFixed(1), spread(ratios, 3), spread(more, 1)];
    }),
  ),
);

async function costOf({ name, helper, share }: Arm, out: string): Promise<Cost> {
  const metrics = name.startsWith('page') ? await openMetrics({ port: 0 }) : null;
  const otlp = share === undefined ? null : await openOtlp({ share });
  const watching = metrics && helper ? await startHelper(helper, new URL(metrics.url).port) : null;
  globalThis.gc?.();
  const before = process.cpuUsage();
  let memoryMb = 0;
  const ended = new AbortController();
  const sampling = sampleMemory(ended.signal, (mb) => (memoryMb = Math.max(memoryMb, mb)));
  const run = await runPipeline(file, { out: join(folder, out), calls: otlp?.calls });
  metrics?.follow(run);
  otlp?.follow(run);
  await run.result;
  const stopped = new AbortController();
  stopped.abort();
  await Promise.all([metrics?.end(stopped.signal), otlp?.end()]);
  const { user, system } = process.cpuUsage(before);
  ended.abort();
  await sampling;
  watching?.child.disconnect();
  rmSync(join(folder, out), { recursive: true, force: true });
  return { cpuUs: (user + system) / requests, memoryMb };
}

async function sampleMemory(signal: AbortSignal, onMb: (mb: number) => void): Promise<void> {
  while (!signal.aborted) {
    onMb(process.memoryUsage.rss() / 1e6);
    await delay(20, undefined, { signal }).catch(() => {});
  }
}

async function startHelper(role: string, port = ''): Promise<{ child: ChildProcess; port: number }> {
  const child = fork(fileURLToPath(new URL('./helper.js', import.meta.url)), [role, port], { execArgv: [] });
  const [ready] = (await once(child, 'message')) as [number];
  return { child, port: ready };
}

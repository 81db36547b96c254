import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { openMetrics, openOtlp, runPipeline } from '../../src/index.js';
import { openLiveView } from '../../src/view/openLiveView.js';
import { printTable } from '../../src/run/report/report.js';
import { startEndpoint } from '../endpoint/start.js';
import { flag, median, spread, wordFlag } from '../figures.js';

/**
 * CPU a request (user and system, all threads) and memory of a run with and without those that watch it. The arms take turns in one
 * process; server, scraper, readers and collector have their own. A round of each that does not count comes first: what a process pays
 * once, to load libraries and compile them, is told apart.
 *   npm run bench:events -- [--requests=20000] [--rounds=5] [--only=<part of a name>]
 * Goal: at most 1.03 × the run that nobody watches, and 30 MB more.
 */

const requests = flag('requests', 20_000);
const rounds = flag('rounds', 5);
const only = wordFlag('only') ?? '';
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

/** Who watches. */
interface Arm {
  name: string;
  metrics?: boolean;
  /** The page of the run. */
  live?: boolean;
  /** The processes at the other ends of metrics and page. */
  helpers?: readonly ('scraper' | 'clients' | 'reader' | 'hanger')[];
  /** The share of rows that is traced. */
  share?: number;
}

const ALL: readonly Arm[] = [
  { name: 'nobody' },
  { name: 'metrics', metrics: true },
  { name: 'metrics, scraped every 100 ms', metrics: true, helpers: ['scraper'] },
  { name: 'metrics, 1,000 clients', metrics: true, helpers: ['clients'] },
  { name: 'live page, one reads', live: true, helpers: ['reader'] },
  { name: 'live page, one hangs', live: true, helpers: ['hanger'] },
  {
    name: 'metrics scraped, live page with both, OTLP of a hundredth',
    ...{ metrics: true, live: true, share: 0.01, helpers: ['scraper', 'reader', 'hanger'] },
  },
  { name: 'OTLP, a hundredth of the rows', share: 0.01 },
  { name: 'OTLP, a tenth of the rows', share: 0.1 },
  { name: 'OTLP, all rows', share: 1 },
  { name: 'nobody again' },
];
const ARMS = ALL.filter(({ name }) => name.startsWith('nobody') || name.includes(only));

interface Cost {
  cpuUs: number;
  memoryMb: number;
}

const collector = await startHelper('collector');
process.env['OTEL_EXPORTER_OTLP_ENDPOINT'] = `http://127.0.0.1:${collector.port}`;
const costs = new Map<string, Cost[]>(ARMS.map(({ name }) => [name, []]));
for (const arm of [ARMS[0]!, ...ARMS]) await costOf(arm, 'warm-up');
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

async function costOf({ metrics: hasMetrics, live, helpers = [], share }: Arm, out: string): Promise<Cost> {
  const metrics = hasMetrics ? await openMetrics({ port: 0 }) : null;
  const view = live ? await openLiveView({ stop: () => {} }) : null;
  const otlp = share === undefined ? null : await openOtlp({ share });
  const urlOf = (role: string): string => (role === 'reader' || role === 'hanger' ? view! : metrics!).url;
  const watching = await Promise.all(helpers.map((role) => startHelper(role, urlOf(role))));
  globalThis.gc?.();
  const before = process.cpuUsage();
  let memoryMb = 0;
  const ended = new AbortController();
  const sampling = sampleMemory(ended.signal, (mb) => (memoryMb = Math.max(memoryMb, mb)));
  const run = await runPipeline(file, { out: join(folder, out), calls: otlp?.calls });
  metrics?.follow(run);
  view?.follow(run);
  otlp?.follow(run);
  await run.result;
  const stopped = new AbortController();
  stopped.abort();
  await Promise.all([metrics?.end(stopped.signal), otlp?.end(), view?.close()]);
  const { user, system } = process.cpuUsage(before);
  ended.abort();
  await sampling;
  for (const { child } of watching) child.disconnect();
  rmSync(join(folder, out), { recursive: true, force: true });
  return { cpuUs: (user + system) / requests, memoryMb };
}

async function sampleMemory(signal: AbortSignal, onMb: (mb: number) => void): Promise<void> {
  while (!signal.aborted) {
    onMb(process.memoryUsage.rss() / 1e6);
    await delay(20, undefined, { signal }).catch(() => {});
  }
}

async function startHelper(role: string, url = ''): Promise<{ child: ChildProcess; port: number }> {
  const child = fork(fileURLToPath(new URL('./helper.js', import.meta.url)), [role, url], { execArgv: [] });
  const [ready] = (await once(child, 'message')) as [number];
  return { child, port: ready };
}

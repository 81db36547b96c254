import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type RunningEndpoint, startEndpoint } from '../../bench/endpoint/start.js';
import { PACKAGE_FOLDER } from '../../src/io/files/packageFiles.js';
import { deriveSeed } from '../../src/random.js';

/** Real processes of the command line, on a server in another process or on the bundled model. */

const MAIN = join(PACKAGE_FOLDER, 'dist', 'src', 'cli', 'main.js');
/** The same command, which kills itself at a call to the file system. */
const CHILD = fileURLToPath(new URL('./child.js', import.meta.url));

const SHORT = { sigma: 0.3, capTokens: 40 };

/** Replies are a function of the request. Questions so short that some come twice. */
export function startSimulatedServer(port = 0): Promise<RunningEndpoint> {
  return startEndpoint({
    port,
    slots: 24,
    timeScale: 1,
    stepBaseMs: 3,
    stepPerSlotMs: 0,
    metricsLagMs: 50,
    keepAliveMs: 60_000,
    kinds: [
      { pattern: '\\bYes\\b[^]*\\bNo\\b', reply: 'verdict', lengths: { meanTokens: 6, ...SHORT } },
      { pattern: '<\\|im_start\\|>user\\s*$', reply: 'question', lengths: { meanTokens: 9, ...SHORT } },
      { pattern: '', reply: 'solution', lengths: { meanTokens: 24, ...SHORT } },
    ],
  });
}

export interface KilledPipeline {
  file: string;
  /** Overrides for this start alone; the bytes must not depend on them. */
  knobs: (seed: number) => string[];
}

interface Shape {
  end: string;
  shardRows: number;
  last: string;
}

/** One row a question, or one an answer with a target that lies inside a question. */
export const SHAPES: Record<'best' | 'several', Shape> = {
  best: { end: 'target: 30', shardRows: 3, last: '  - keepBest: { rewardMin: 0.8 }' },
  several: {
    end: 'target: 88',
    shardRows: 9,
    last: '  - unnest: { texts: { responses: response }, numbers: { rewards: reward } }',
  },
};

export function serverPipeline(
  folder: string,
  url: string,
  name: keyof typeof SHAPES,
  store: string,
): KilledPipeline {
  const { end, shardRows, last } = SHAPES[name];
  const file = join(folder, 'pipeline.yaml');
  const lines = [
    `name: ${name}`,
    'seed: 3',
    end,
    `store: ${store}`,
    'models:',
    `  solver: { openai: { model: simulated, replicas: ["${url}/v1"] }, template: qwen2-math }`,
    'source: { windowRows: 96, batchRows: 8 }',
    'steps:',
    '  - generate: { generators: [{ model: solver }], tokensMax: 60 }',
    '  - deduplicate: { similarityMin: 0.8 }',
    '  - filterLanguage: { method: both }',
    '  - judgeSolvability: { model: solver, tokensMax: 60 }',
    '  - scoreDifficulty: { model: solver }',
    '  - sampleDifficulty: { min: 0.2 }',
    '  - respond: { model: solver, n: 5, tokensMax: 60 }',
    '  - filterAnswered: {}',
    '  - scoreReward: { model: solver }',
    last,
    `output: { shardRows: ${shardRows}, rowGroupRows: 4 }`,
    '',
  ];
  writeFileSync(file, lines.join('\n'));
  return { file, knobs: serverKnobs };
}

function serverKnobs(seed: number): string[] {
  const draw = (what: string, least: number, most: number): number =>
    least + (deriveSeed(seed, what, 0) % (most - least + 1));
  return [
    `source.windowRows=${draw('window', 24, 200)}`,
    `source.batchRows=${draw('batch', 1, 20)}`,
    `models.solver.openai.requestsInFlightMax=${draw('inFlight', 4, 64)}`,
  ];
}

export interface Started {
  pid: number;
  /** Resolves when it is gone. */
  ended: Promise<{ code: number | null; signal: string | null; stderr: string; ms: number }>;
  kill(): void;
  /** Makes it stand still, as a machine without a network does, or go on. */
  send(signal: 'SIGSTOP' | 'SIGCONT'): void;
}

/** Starts `scalequest run`; `killAt`: the call to the file system at which it kills itself. */
export function startRun(
  file: string,
  out: string,
  knobs: readonly string[],
  killAt?: string,
  flags: readonly string[] = [],
): Started {
  const startedMs = performance.now();
  const set = knobs.flatMap((knob) => ['--set', knob]);
  const args =
    killAt === undefined
      ? [MAIN, 'run', file, '--out', out, ...set, ...flags]
      : [CHILD, killAt, file, out, ...knobs];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const ended = once(child, 'close').then(([code, signal]) => ({
    code: code as number | null,
    signal: signal as string | null,
    stderr,
    ms: performance.now() - startedMs,
  }));
  return {
    pid: child.pid!,
    ended,
    kill: () => void child.kill('SIGKILL'),
    send: (signal) => void child.kill(signal),
  };
}

/** Files that measure or serve one start only. */
const NOT_COMPARED = ['log.jsonl', 'performance.json', 'report.html'];

/** Path inside a run folder → bytes. */
export function folderBytes(folder: string): Map<string, Uint8Array> {
  if (!existsSync(folder)) return new Map();
  const paths = (readdirSync(folder, { recursive: true }) as string[]).filter(
    (path) => !NOT_COMPARED.includes(path),
  );
  const files = paths.filter((path) => statSync(join(folder, path)).isFile()).sort();
  return new Map(files.map((path) => [path, readFileSync(join(folder, path))]));
}

/** Waits until the server has seen that its clients are gone. */
export async function quiet(endpoint: RunningEndpoint): Promise<void> {
  let before = -1;
  for (let tries = 0; tries < 100; tries++) {
    const { requests, connections } = await endpoint.stats();
    // Requests of killed processes may still wait to be accepted, so equal counts twice in a row mean rest.
    if (requests.inFlight === 0 && connections.now === 0 && requests.total === before) return;
    before = requests.total;
    await sleep(60);
  }
  throw new Error('the server still has clients 6 s after they were killed');
}

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PACKAGE_FOLDER } from '../../src/io/files/packageFiles.js';
import { deriveSeed, deriveUniform } from '../../src/random.js';
import { assertSameBytes } from './killed.js';
import { folderBytes, startRun } from './killedWorld.js';

/** Runs on the bundled model, whose engines are processes of their own. */

export interface BundledCounts {
  runs: number;
  kills: number;
  resumes: number;
  /** Engine processes still there when their parent had been dead for END_MS_MAX. */
  enginesLeft: number;
  slowestEndMs: number;
}

const END_MS_MAX = 10_000;

export interface BundledSeries {
  folder: string;
  seed: number;
  kills: number;
  /** Kept rows of a run. */
  target: number;
  /** Of the unbroken run and of the last start; a multiple of 4. */
  windowRows?: number;
  hasStore: boolean;
  /** Latest kill, as a part of an unbroken run's life: below 1, few runs come to their end before it. */
  shareMost?: number;
}

export async function killBundledRuns({
  folder,
  seed,
  kills,
  target,
  hasStore,
  shareMost = 1,
  windowRows = 24,
}: BundledSeries): Promise<BundledCounts> {
  mkdirSync(folder, { recursive: true });
  const store = join(folder, 'store');
  const file = writePipeline(folder, target, windowRows, hasStore ? JSON.stringify(store) : 'none');
  const out = join(folder, 'run');
  const { code, stderr, ms: lifeMs } = await startRun(file, out, []).ended;
  assert.equal(code, 0, stderr);
  const wanted = folderBytes(out);
  const counts = { runs: 0, kills: 0, resumes: 0, enginesLeft: 0, slowestEndMs: 0 };
  while (counts.kills < kills) {
    rmSync(out, { recursive: true });
    rmSync(store, { recursive: true, force: true });
    const runSeed = deriveSeed(seed, 'bundled', counts.runs);
    const times = Math.min(kills - counts.kills, 1 + (runSeed % 3));
    for (let number = 0; number < times; number++) {
      const afterMs = deriveUniform(runSeed, 'when', number) * shareMost * lifeMs;
      if (!(await killOnce(file, out, knobsOf(deriveSeed(runSeed, 'knobs', number)), afterMs, counts))) break;
      counts.resumes += 1;
    }
    const last = await startRun(file, out, []).ended;
    assert.equal(last.code, 0, last.stderr);
    assertSameBytes(folderBytes(out), wanted);
    counts.runs += 1;
  }
  assert.equal(counts.enginesLeft, 0, 'engine processes outlive a run that was killed');
  return counts;
}

function writePipeline(folder: string, target: number, windowRows: number, store: string): string {
  const path = JSON.stringify(join(PACKAGE_FOLDER, 'models', 'tiny.gguf'));
  const lines = [
    'name: bundled',
    'seed: 7',
    `target: ${target}`,
    `store: ${store}`,
    `models: { tiny: { llamaCpp: { path: ${path}, contextTokens: 512 }, template: qwen2-math } }`,
    `source: { windowRows: ${windowRows}, batchRows: ${windowRows / 4} }`,
    'steps:',
    '  - generate: { generators: [{ model: tiny }], tokensMax: 128 }',
    '  - deduplicate: { similarityMin: 0.7 }',
    '  - filterLanguage: { method: both }',
    '  - judgeSolvability: { model: tiny, tokensMax: 112 }',
    '  - scoreDifficulty: { model: tiny }',
    '  - sampleDifficulty: { min: 0.15 }',
    '  - respond: { model: tiny, n: 3, tokensMax: 160 }',
    '  - filterAnswered: {}',
    '  - scoreReward: { model: tiny }',
    '  - keepBest: { rewardMin: 0.5 }',
    'output: { shardRows: 2 }',
    '',
  ];
  const file = join(folder, 'pipeline.yaml');
  writeFileSync(file, lines.join('\n'));
  return file;
}

function knobsOf(seed: number): string[] {
  return [
    `source.windowRows=${12 + (deriveSeed(seed, 'window', 0) % 36)}`,
    `source.batchRows=${1 + (deriveSeed(seed, 'batch', 0) % 12)}`,
    `models.tiny.llamaCpp.processes=${1 + (deriveSeed(seed, 'processes', 0) % 2)}`,
  ];
}

/** False if the run came to its end before. */
async function killOnce(
  file: string,
  out: string,
  knobs: string[],
  afterMs: number,
  counts: BundledCounts,
): Promise<boolean> {
  const started = startRun(file, out, knobs);
  const gone = started.ended.then(() => true);
  if (await Promise.race([gone, sleep(afterMs, false)])) return false;
  const engines = childrenOf(started.pid);
  started.kill();
  const killedMs = performance.now();
  const { signal } = await started.ended;
  assert.equal(signal, 'SIGKILL');
  counts.kills += 1;
  while (engines.some(isThere) && performance.now() - killedMs < END_MS_MAX) await sleep(10);
  counts.enginesLeft += engines.filter(isThere).length;
  if (engines.length > 0) counts.slowestEndMs = Math.max(counts.slowestEndMs, performance.now() - killedMs);
  return true;
}

/** Reads /proc, so it works on Linux; elsewhere it finds none. */
function childrenOf(pid: number): number[] {
  try {
    const tasks = readdirSync(`/proc/${pid}/task`);
    return tasks.flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, 'latin1').split(' ').filter(Boolean).map(Number),
    );
  } catch {
    return [];
  }
}

/** A zombie that nobody has waited for has ended. */
function isThere(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2)[0] !== 'Z';
  } catch {
    return false;
  }
}

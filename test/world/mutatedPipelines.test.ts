import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { exitCodeOf } from '../../src/cli/exitCodes.js';
import { ScaleQuestError } from '../../src/errors.js';
import { contentsHash, openContents } from '../../src/io/files/contents.js';
import { readTextFile } from '../../src/io/files/textFile.js';
import { readTexts } from '../../src/io/sources/readTexts.js';
import { checkChain } from '../../src/pipeline/chain.js';
import { checkFile, checkFileUnread } from '../../src/pipeline/check/check.js';
import type { CheckDeps } from '../../src/pipeline/check/checkDeps.js';
import { checkLinks } from '../../src/pipeline/check/rules/checkLinks.js';
import { isChainText } from '../../src/pipeline/document.js';
import { printPlan } from '../../src/pipeline/printPlan.js';
import { mutatePipeline } from '../helpers/texts/mutatePipeline.js';
import { PIPELINES_FOLDER, checkDeps } from '../helpers/runs/pipelineWorld.js';

/**
 * Shipped pipelines and chains, changed at random, through `check` and `plan`: whatever comes out is an answer of ours, in bounded
 * time. `MUTATED_SEED` and `MUTATED_RUNS` repeat or extend it.
 */

const SEED = Number(process.env['MUTATED_SEED'] ?? Date.now() % 1_000_000);
const RUNS = Number(process.env['MUTATED_RUNS'] ?? 60);
/** On a machine that is busy with other things, too. */
const RUNS_MIN = 12;
const CPU_MS_MAX = 250;
/** The time for all of it. */
const WALL_MS_MAX = 40_000;

const NAMES = readdirSync(PIPELINES_FOLDER).filter((name) => name.endsWith('.yaml'));

/** What the shipped files need, so that they are sound before they are changed. */
const ENV = {
  QUESTIONS: 'benchmarks/sums.jsonl',
  BENCHMARK: 'benchmarks/sums.jsonl',
  DOCUMENTS: '../test/pipelines/documents.jsonl',
  PROBLEMS: 'benchmarks/programs.jsonl',
  RATED: '../runs/rated/shards',
  HOME: '/home/somebody',
};

/** Files that do not change are read once: what they cost is not what a pipeline file costs. */
const texts = new Map<string, Promise<readonly string[]>>();
const hashes = new Map<string, Promise<string>>();

function depsFor(text: string, file: string): CheckDeps {
  return {
    ...checkDeps(),
    env: ENV,
    loadsModules: false,
    needsKeys: true,
    isPending: (path) => path.endsWith(join('rated', 'shards')),
    readText: (path) => (path === file ? text : readTextFile(path)),
    exists: existsSync,
    texts: (path, column) => remembered(texts, `${path} ${column}`, () => readTexts(path, column)),
    contentsHash: (path, extension) =>
      remembered(hashes, `${path} ${extension}`, () => contentsHash(path, extension)),
  };
}

function remembered<Value>(
  known: Map<string, Promise<Value>>,
  key: string,
  make: () => Promise<Value>,
): Promise<Value> {
  const found = known.get(key) ?? make();
  found.catch(() => {});
  known.set(key, found);
  return found;
}

/** As the commands do it. */
async function checkAndPlan(text: string, file: string): Promise<void> {
  const deps = depsFor(text, file);
  if (isChainText(text)) return void (await checkLinks(checkChain(file, deps), deps));
  await checkFileUnread(file, deps, [], openContents);
  printPlan(await checkFile(file, deps));
}

/** The error of ours that it ends with, or null. */
async function outcomeOf(text: string, file: string): Promise<ScaleQuestError | null> {
  try {
    await checkAndPlan(text, file);
    return null;
  } catch (error) {
    if (error instanceof ScaleQuestError) return error;
    throw new Error(`not an error of ours: ${(error as Error)?.stack}`, { cause: error });
  }
}

async function cpuMsOf(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

for (const [at, name] of NAMES.entries())
  test(`${name}, changed at random, seed ${SEED}`, async (t) => {
    const file = join(PIPELINES_FOLDER, name);
    const sound = readTextFile(file);
    const endMs = Date.now() + WALL_MS_MAX / NAMES.length;
    const counts = { sound: 0, refused: 0 };
    let cpuMsMost = 0;
    for (let run = 0; run < RUNS && (run < RUNS_MIN || Date.now() < endMs); run++) {
      const seed = SEED + 1000 * at + run;
      const text = mutatePipeline(sound, seed);
      const again = `MUTATED_SEED=${seed - 1000 * at} MUTATED_RUNS=1 node dist/test/world/mutatedPipelines.test.js`;
      let error: ScaleQuestError | null = null;
      let cpuMs = await cpuMsOf(async () => (error = await outcomeOf(text, file))).catch((fault: Error) =>
        assert.fail(`${again}: ${fault.message}`),
      );
      const found = error as ScaleQuestError | null;
      counts[found === null ? 'sound' : 'refused']++;
      if (found !== null) {
        assert.notEqual(found.code, 'ERR_INVARIANT', again);
        assert.ok([3, 4, 5].includes(exitCodeOf(found.code)), `${again}: ${found.code}`);
        assert.doesNotMatch(found.message, /[\0-\x08\x0b-\x1f\x7f-\x9f]/, again);
        assert.ok(found.message.length < 200_000, again);
      }
      // Node compiles and collects in between: the least of a few tries counts.
      for (let more = 0; more < 4 && cpuMs > CPU_MS_MAX; more++)
        cpuMs = Math.min(cpuMs, await cpuMsOf(() => outcomeOf(text, file)));
      assert.ok(cpuMs <= CPU_MS_MAX, `${again}: ${cpuMs} ms of CPU for ${text.length} characters`);
      cpuMsMost = Math.max(cpuMsMost, cpuMs);
    }
    const most = `${cpuMsMost.toFixed(0)} ms of CPU at most`;
    t.diagnostic(`${counts.refused} refused, ${counts.sound} sound; ${most}`);
    assert.ok(counts.refused > 0);
  });

import assert from 'node:assert/strict';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunningEndpoint } from '../../bench/endpoint/start.js';
import { nodeFiles } from '../../src/io/files/files.js';
import { summarizeStore } from '../../src/store/tools/summarizeStore.js';
import { deriveSeed, deriveUniform } from '../../src/random.js';
import {
  type KilledPipeline,
  type SHAPES,
  folderBytes,
  quiet,
  serverPipeline,
  startRun,
  startSimulatedServer,
} from './killedWorld.js';

export interface KilledSeries {
  folder: string;
  shape: keyof typeof SHAPES;
  hasStore: boolean;
  seed: number;
  /** Ends when so many processes were killed. */
  kills: number;
  /**
   * A reply is durable so long after the server has sent it: the group-commit window of 50 ms, the flush, and the
   * time until a process that shares its cores gets round to it.
   */
  durableMsMax?: number;
}

export interface KilledCounts {
  runs: number;
  kills: number;
  /** Processes that killed themselves at a call to the file system. */
  killsAtCalls: number;
  /** Those among them that died between the first call of a commit and its record in the manifest. */
  killsInCommits: number;
  resumes: number;
  requests: number;
  /** Asked again though a killed process had asked the same: all in all, and in one run at most. */
  repeated: number;
  repeatedMost: number;
  /**
   * At the kills: requests whose reply was not durable, all in all and at one kill at most. Without a store that is all
   * that was asked.
   */
  inFlight: number;
  inFlightMost: number;
  /** Those in flight that the server had not answered. */
  unanswered: number;
  /** The longest time between a kill and the earliest answer before it that was not durable yet, in milliseconds. */
  latestMs: number;
}

interface Trial {
  series: KilledSeries;
  seed: number;
  pipeline: KilledPipeline;
  server: RunningEndpoint;
  out: string;
  /** Null to do without. */
  store: string | null;
  unbroken: { data: ReadonlyMap<string, Uint8Array>; lifeMs: number; calls: number };
  counts: KilledCounts;
  /** What was done to it, for the message of a failure. */
  said: string[];
}

/**
 * Kills runs with SIGKILL at drawn instants and at drawn calls to the file system, goes on under other knobs, kills some of
 * those again, and compares each end with an unbroken run's. Throws at the first difference.
 */
export async function killRuns(series: KilledSeries): Promise<KilledCounts> {
  const { folder, shape, hasStore, seed } = series;
  mkdirSync(folder, { recursive: true });
  let server = await startSimulatedServer();
  const { port, url } = server;
  const store = join(folder, 'store');
  const pipeline = serverPipeline(folder, url, shape, hasStore ? store : 'none');
  const out = join(folder, 'run');
  const counts: KilledCounts = {
    ...{ runs: 0, kills: 0, killsAtCalls: 0, killsInCommits: 0, resumes: 0, requests: 0 },
    ...{ repeated: 0, repeatedMost: 0, inFlight: 0, inFlightMost: 0, unanswered: 0, latestMs: 0 },
  };
  try {
    const unbroken = await runUnbroken(pipeline, out, server);
    while (counts.kills < series.kills) {
      rmSync(out, { recursive: true });
      rmSync(store, { recursive: true, force: true });
      // A new one on the same port: it has seen no request yet.
      await server.close();
      server = await startSimulatedServer(port);
      const trialSeed = deriveSeed(seed, 'trial', counts.runs);
      await breakRun({
        series,
        seed: trialSeed,
        pipeline,
        server,
        out,
        store: hasStore ? store : null,
        unbroken,
        counts,
        said: [],
      });
    }
    return counts;
  } finally {
    await server.close();
  }
}

async function runUnbroken(
  { file }: KilledPipeline,
  out: string,
  server: RunningEndpoint,
): Promise<Trial['unbroken']> {
  const { code, stderr, ms: lifeMs } = await startRun(file, out, []).ended;
  assert.equal(code, 0, stderr);
  assert.equal((await server.stats()).requests.repeated, 0, 'an unbroken run asks nothing twice');
  const data = folderBytes(out);
  const commits = linesOf(data).length - 1;
  return { data, lifeMs, calls: CALLS_BESIDE + commits * CALLS_A_COMMIT };
}

/** About: what begins and ends a run, and what a commit takes. */
const CALLS_BESIDE = 40;
const CALLS_A_COMMIT = 20;

async function breakRun(trial: Trial): Promise<void> {
  const { series, seed, server, pipeline, out, counts, unbroken, said } = trial;
  const killsMost = Math.min(series.kills - counts.kills, 1 + (deriveSeed(seed, 'kills', 0) % 3));
  let inFlight = 0;
  try {
    for (let number = 0; number < killsMost; number++) {
      const lost = await killOnce(trial, number);
      if (lost === null) break;
      inFlight += lost;
      counts.resumes += 1;
    }
    const { code, stderr } = await startRun(pipeline.file, out, []).ended;
    assert.equal(code, 0, stderr);
    assertSameBytes(folderBytes(out), unbroken.data);
    const { requests } = await server.stats();
    if (series.hasStore) {
      const { repeated } = requests;
      assert.ok(
        repeated <= inFlight,
        `${repeated} requests were asked again, but ${inFlight} were in flight`,
      );
    }
    counts.runs += 1;
    counts.requests += requests.total;
    counts.repeated += requests.repeated;
    counts.repeatedMost = Math.max(counts.repeatedMost, requests.repeated);
  } catch (error) {
    const where = `${series.shape}, ${series.hasStore ? 'with' : 'without'} a store, ${said.join(', ')}`;
    throw new Error(`${where}: ${(error as Error).message}`, { cause: error });
  }
}

/** How many requests the killed process had in flight; null if it came to its end before. */
async function killOnce(trial: Trial, number: number): Promise<number | null> {
  const { seed, server, pipeline, out, counts, unbroken, said } = trial;
  const before = await ledgerOf(trial);
  const isAtCall = deriveUniform(seed, 'isAtCall', number) < 0.5;
  // Some come early: a run that went on and was killed before it did anything.
  const share = deriveUniform(seed, 'when', number) ** (number > 0 ? 2 : 1);
  const half = deriveUniform(seed, 'half', number) < 0.3 ? 'half' : '';
  const call = isAtCall ? `${Math.floor(share * unbroken.calls)}${half}` : undefined;
  const afterMs = share * unbroken.lifeMs;
  said.push(call === undefined ? `killed after ${afterMs.toFixed(0)} ms` : `killed at call ${call}`);
  const started = startRun(pipeline.file, out, pipeline.knobs(deriveSeed(seed, 'knobs', number)), call);
  const timer = call === undefined ? setTimeout(started.kill, afterMs) : undefined;
  const answers = watchAnswers(server);
  const { code, signal, stderr } = await started.ended;
  const killedMs = performance.now();
  clearTimeout(timer);
  await answers.stop();
  if (signal !== 'SIGKILL') {
    assert.equal(code, 0, stderr);
    return null;
  }
  await quiet(server);
  const after = await ledgerOf(trial);
  const inFlight = after.asked - before.asked - (after.stored - before.stored);
  const unanswered = after.aborted - before.aborted;
  counts.kills += 1;
  if (isAtCall) counts.killsAtCalls += 1;
  if (checkLeft(folderBytes(out), unbroken.data)) counts.killsInCommits += 1;
  counts.inFlight += inFlight;
  counts.inFlightMost = Math.max(counts.inFlightMost, inFlight);
  counts.unanswered += unanswered;
  if (trial.series.hasStore) {
    const { durableMsMax = 500 } = trial.series;
    const lateMs = killedMs - answers.before(answeredBy(after) - (inFlight - unanswered));
    assert.ok(
      lateMs <= durableMsMax,
      `of ${inFlight} requests in flight ${inFlight - unanswered} were answered, the first ${lateMs.toFixed(0)} ms before the ` +
        `kill, expected them to be durable after ${durableMsMax} ms`,
    );
    counts.latestMs = Math.max(counts.latestMs, lateMs);
  }
  return inFlight;
}

const WATCH_MS = 10;

/** Looks how many requests were answered, and when. */
function watchAnswers(server: RunningEndpoint) {
  const seen: { ms: number; answered: number }[] = [];
  let isOver = false;
  const watching = watch();

  async function watch(): Promise<void> {
    for (; !isOver; await sleep(WATCH_MS)) {
      // Before the question: what it counts was answered by then, or soon after.
      const ms = performance.now();
      const { total, aborted, inFlight } = (await server.stats()).requests;
      seen.push({ ms, answered: total - aborted - inFlight });
    }
  }

  return {
    async stop(): Promise<void> {
      isOver = true;
      await watching;
    },
    /** When at most `answered` requests had been answered, at the latest. */
    before: (answered: number): number => seen.findLast((look) => look.answered <= answered)?.ms ?? -Infinity,
  };
}

/** What the server was asked so far, and how much of it is in the store. */
async function ledgerOf({ server, store }: Pick<Trial, 'server' | 'store'>): Promise<Ledger> {
  const { total: asked, aborted, repeated, inFlight } = (await server.stats()).requests;
  const isThere = store !== null && existsSync(store);
  const stored = isThere ? (await summarizeStore(nodeFiles, store)).replies : 0;
  assert.equal(inFlight, 0);
  return { asked, aborted, repeated, stored };
}

/** Counts of the server once they no longer change. */
function answeredBy({ asked, aborted }: Ledger): number {
  return asked - aborted;
}

interface Ledger {
  asked: number;
  /** Whose client died before their answer came. */
  aborted: number;
  repeated: number;
  stored: number;
}

/** Started with other knobs, these hold another text of the pipeline until the last start. */
const HOLD_KNOBS = ['pipeline.yaml', 'README.md', 'run.lock', 'run.lock.takeover', 'manifest.jsonl'];

/** What is left after a kill: whole files under their names, a manifest that says nothing else. True for one amid a commit. */
function checkLeft(left: ReadonlyMap<string, Uint8Array>, wanted: ReadonlyMap<string, Uint8Array>): boolean {
  const lines = linesOf(left);
  assert.deepEqual(lines, linesOf(wanted).slice(0, lines.length), 'the manifest tells of other commits');
  const named = lines.slice(1).join('\n');
  let isAmidCommit = false;
  for (const [path, bytes] of left) {
    if (HOLD_KNOBS.includes(path)) continue;
    if (!path.endsWith('.tmp')) assert.ok(isSame(bytes, wanted.get(path)), `${path} is there, but not whole`);
    // A shard is open between commits too.
    const isOpenOther = /^(rejects|state)-.*\.tmp$/.test(path);
    if (isOpenOther || (path.includes('/') && !named.includes(path))) isAmidCommit = true;
  }
  for (const [, file] of named.matchAll(/"file":"([^"]+)"/g))
    assert.ok(left.has(file!), `the manifest names ${file}, which is not there`);
  return isAmidCommit;
}

/** The whole lines of a manifest. */
function linesOf(folder: ReadonlyMap<string, Uint8Array>): string[] {
  return new TextDecoder()
    .decode(folder.get('manifest.jsonl') ?? new Uint8Array())
    .split('\n')
    .slice(0, -1);
}

export function assertSameBytes(
  found: ReadonlyMap<string, Uint8Array>,
  wanted: ReadonlyMap<string, Uint8Array>,
): void {
  assert.deepEqual([...found.keys()], [...wanted.keys()], 'other files than the unbroken run has');
  for (const [path, bytes] of found)
    assert.ok(isSame(bytes, wanted.get(path)), `${path} has other bytes than in the unbroken run`);
}

function isSame(a: Uint8Array, b: Uint8Array | undefined): boolean {
  return b !== undefined && Buffer.compare(a, b) === 0;
}

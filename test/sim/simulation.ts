import assert from 'node:assert/strict';
import type { Model } from '../../src/backends/model.js';
import { openModel } from '../../src/backends/openModel.js';
import { loadServerClient } from '../../src/backends/server/loadServerClient.js';
import type { Pool } from '../../src/backends/pool/pool.js';
import { type SharedPools, createSharedPools } from '../../src/backends/pool/sharedPools.js';
import { closeModels } from '../../src/run/open/openModels.js';
import { type RunWorld, runInFolder } from '../../src/run/runInFolder.js';
import { ScaleQuestError } from '../../src/errors.js';
import { makeRunFolder } from '../../src/io/runFolder/runFolder.js';
import { loadZstd } from '../../src/io/parquet/zstd.js';
import { promptFrom } from '../../src/pipeline/check/checkDeps.js';
import type { Plan } from '../../src/pipeline/plan.js';
import { createReplyDesk } from '../../src/workers/replyDesk.js';
import {
  type CrashingFiles,
  type Fault,
  type Meddle,
  type Operation,
  crashingFiles,
} from '../helpers/files/crashingFiles.js';
import { checkDeps } from '../helpers/runs/pipelineWorld.js';
import { type SimulatedClock, simulatedClock } from '../helpers/simulatedClock.js';
import type { PlacedStages } from '../../src/run/stream/runPlan.js';
import {
  type Flow,
  type Promised,
  checkFolder,
  dataOf,
  forgetSeen,
  nextOf,
  noteAcknowledged,
  nothingPromised,
  watchedPlan,
} from './checks.js';
import { type StoredStepResults, noStepResults, simulatedStepResults } from './stepResults.js';
import { type Draws, createDraws } from './draws.js';
import { simulatedEncoder } from './encoder.js';
import { STEP_TOKEN } from './replies.js';
import { type KeptReplies, checkPaid, keepsNothing, simulatedStore, storedModel } from './store.js';
import { type SimulatedWorkers, startSimulatedWorkers } from './workers.js';
import { type Failing, type SimulatedNetwork, simulatedNetwork } from './network.js';
import { setNetwork } from './simulatedHttpClient.js';
import {
  type Attempt,
  type Blow,
  PLAIN_ATTEMPT,
  RETRIES_MAX,
  type Scenario,
  UNREACHABLE_MS,
  drawScenario,
  serverUrl,
} from './scenario.js';
import { unwatched } from '../helpers/runs/unwatched.js';

// Loading is real work, which virtual time cannot wait for.
await loadServerClient();

/** What one seed did. */
export interface Simulated {
  seed: number;
  attempts: number;
  /** How attempts ended: `ok`, a code, `killed` or `power cut`. */
  endings: string[];
  /** Faults by kind. */
  faults: Record<string, number>;
  requests: number;
  /** Calls that the store did not answer; 0 without one. */
  paid: number;
  fileCalls: number;
  /** Rows of source that were replayed from the step result cache. */
  replayedRows: number;
  /** Virtual time of all attempts. */
  virtualMs: number;
  isLossy: boolean;
  rowsKept: number;
}

const FOLDER = '/runs/sim';
const START_MS = 1_000_000;
/** Any run is over by then: the longest wait is for servers that are away. */
const RUN_MS_MAX = 3_600_000;

/** Runs the scenario of a seed to its end, through its faults and crashes; throws where an invariant does not hold. */
export async function simulate(seed: number): Promise<Simulated> {
  await loadZstd();
  const scenario = await drawScenario(seed);
  const plain = scenario.isLossy ? null : await runPlain(scenario);
  const result: Simulated = {
    ...{
      seed,
      attempts: 0,
      endings: [],
      faults: {},
      requests: 0,
      paid: 0,
      fileCalls: 0,
      replayedRows: 0,
      virtualMs: 0,
      rowsKept: 0,
    },
    isLossy: scenario.isLossy,
  };
  const draws = createDraws(seed, 'run');
  const series = beginSeries(scenario);
  for (const [at, attempt] of scenario.attempts.entries()) {
    await runAttempt(series, attempt, draws.stream(`${at}`), result);
  }
  // Servers that only failed are mended, as the message says, and the run goes on.
  if (result.endings.at(-1) === 'ERR_MODEL_UNREACHABLE')
    await runAttempt(series, PLAIN_ATTEMPT, draws.stream('mended'), result);
  const files = filesOf(series.disk);
  const commits = checkFolder(files, series.promised);
  checkPaid(series.kept);
  result.paid = series.kept.paid;
  assert.ok(commits.at(-1)?.done, 'end: the last attempt left a run that is not done');
  result.rowsKept = commits.at(-1)!.kept;
  if (plain) assert.deepEqual(dataOf(files), plain, 'bytes: other files than an untroubled run');
  if (plain && scenario.hasStore) {
    const again = await runAgain(series, draws.stream('again'));
    assert.deepEqual(dataOf(again), plain, 'replay: other files than a run that runs every step');
  }
  result.replayedRows = series.stepResults.replayedRows;
  return result;
}

/** In another folder, with the replies and the step results of all attempts. */
async function runAgain(
  { scenario, kept, stepResults }: Series,
  draws: Draws,
): Promise<Map<string, Uint8Array>> {
  const series = { ...beginSeries(scenario), kept, stepResults };
  await runAttempt(series, PLAIN_ATTEMPT, draws);
  return filesOf(series.disk);
}

/** The same pipeline with one server that answers, and a disk that works. */
async function runPlain(scenario: Scenario): Promise<Record<string, string>> {
  const draws = createDraws(scenario.seed, 'plain');
  const series = beginSeries({ ...scenario, hasStore: false });
  await runAttempt(series, PLAIN_ATTEMPT, draws);
  return dataOf(filesOf(series.disk));
}

/** The starts of one run, and what lives from one to the next. */
interface Series {
  scenario: Scenario;
  disk: Disk;
  promised: Promised;
  kept: KeptReplies;
  stepResults: StoredStepResults;
}

function beginSeries(scenario: Scenario): Series {
  const kept = { kept: keepsNothing(), stepResults: noStepResults() };
  return { scenario, disk: createDisk(), promised: nothingPromised(), ...kept };
}

/** Lives through all attempts of a scenario; each meddles with it in its own way. */
interface Disk {
  files: CrashingFiles;
  meddle: Meddle;
}

function createDisk(): Disk {
  const disk: Disk = { files: crashingFiles((operation) => disk.meddle(operation)), meddle: () => null };
  return disk;
}

/** Files of the run folder: path inside it → bytes. */
function filesOf({ files }: Disk): Map<string, Uint8Array> {
  const inside = [...files.snapshot()].filter(([path]) => path.startsWith(`${FOLDER}/`));
  return new Map(inside.map(([path, bytes]) => [path.slice(FOLDER.length + 1), bytes]));
}

/** What an attempt needs, and what is checked afterwards. */
interface Stage {
  clock: SimulatedClock;
  abort: AbortController;
  network: SimulatedNetwork;
  /** What the run was told to give up, or broke. */
  violations: unknown[];
  hits: string[];
}

async function runAttempt(series: Series, attempt: Attempt, draws: Draws, result?: Simulated): Promise<void> {
  const { disk, promised } = series;
  const { plan, isLossy } = series.scenario;
  const { files } = disk;
  const callsBefore = files.operations;
  const filesBefore = filesOf(disk);
  const commits = checkFolder(filesBefore, promised);
  const from = commits.at(-1)?.next ?? 0;
  const pools = new Set<Pool>();
  const stage = createStage(attempt, disk, draws, pools);
  const { clock, abort, network, violations } = stage;
  const known = withKnobs(plan, attempt);
  const flow = watchedPlan(known, from);
  let models: Record<string, Model> = {};
  let workers: SimulatedWorkers | null = null;
  const acknowledge = (): void => noteAcknowledged(filesOf(disk), promised);
  const world: RunWorld = {
    files,
    prompt: promptFrom(plan.folder, checkDeps()),
    async openModels() {
      const opened = await openSimulated(series, attempt, stage, draws, pools, known);
      ({ models, workers } = opened);
      const isDead = (): boolean => files.isCrashed;
      const placed = workers ? watchedStages(workers.placed, flow) : undefined;
      if (!series.scenario.hasStore) return { models, ...(placed ? { placed } : {}) };
      return {
        models,
        ...(placed ? { placed } : {}),
        stepResults: simulatedStepResults(series.stepResults, clock, draws.stream('decisions'), isDead),
      };
    },
    signal: abort.signal,
    now: () => new Date(clock.nowMs()),
    nowMs: clock.nowMs,
    watchProcess: unwatched,
    commitPositions: series.scenario.commitPositions,
    startEncoder: simulatedEncoder(clock, draws.stream('encoder')),
    emit(event) {
      if (event.event === 'flowing') {
        assert.equal(event.from, from, 'resume: not where the last commit ends');
        acknowledge();
      }
      if (event.event === 'delivered') flow.delivered(event.watermark);
      if (event.event === 'committed') {
        acknowledge();
        assert.equal(nextOf(promised), event.next, 'committed: not what the manifest says');
      }
    },
  };
  const ended = new AbortController();
  strike(attempt.blow, stage, ended.signal);
  const run = start(flow.plan, world).then(
    () => 'ok',
    (error: unknown) => endingOf(error),
  );
  const code = await clock.until(run, clock.nowMs() + RUN_MS_MAX);
  ended.abort();
  const left = workers as SimulatedWorkers | null;
  if (left) await clock.until(left.close(code === 'ok'), clock.nowMs() + RUN_MS_MAX);
  await clock.until(closeModels(Object.values(models)), clock.nowMs() + RUN_MS_MAX);
  const isGivenUp = code === 'ERR_MODEL_UNREACHABLE' && isLossy && hasOnlyFailed(network);
  if (!isGivenUp) checkEnding(code, attempt.blow, files, isLossy);
  if (violations.length > 0) throw violations[0];
  checkCalls(network, models, pools);
  if (code === 'ok') acknowledge();
  if (result && left) {
    for (const name of ['givenAgain', 'late', 'here'] as const)
      if (left.tally[name] > 0)
        result.faults[`workers: ${name}`] = (result.faults[`workers: ${name}`] ?? 0) + left.tally[name];
  }
  if (result)
    note(result, stage, files.isCrashed ? crashName(attempt.blow) : code, files.operations - callsBefore);
  if (files.isCrashed) restart(series, attempt, draws);
  else checkLeft(disk, filesBefore);
  checkFolder(filesOf(disk), promised);
}

/** Does what the command does, except that it takes no lock. */
async function start(plan: Plan, world: RunWorld): Promise<void> {
  await makeRunFolder(world.files, FOLDER);
  await runInFolder(plan, FOLDER, world);
}

function restart({ disk, promised }: Series, { blow }: Attempt, draws: Draws): void {
  const isPowerCut = crashName(blow) === 'power cut';
  // A kill loses nothing that was written, so the next start sees these lines.
  checkFolder(filesOf(disk), promised);
  if (isPowerCut) forgetSeen(promised);
  disk.files.restart(isPowerCut ? 'machine' : 'process', draws.uniform);
}

function createStage(attempt: Attempt, disk: Disk, draws: Draws, pools: Set<Pool>): Stage {
  const clock = simulatedClock(START_MS);
  const abort = new AbortController();
  const violations: unknown[] = [];
  const hits: string[] = [];
  const timing = draws.stream('files');
  const fault = faultOf(attempt.blow, hits);
  disk.meddle = async (operation) => {
    if (attempt.fileMs > 0) await clock.sleep(timing.whole(0, attempt.fileMs));
    const found = fault(operation);
    // A dead process asks nobody for anything.
    if (found?.kind === 'crash') abort.abort();
    return found;
  };
  const network = simulatedNetwork(clock, networkOf(attempt), draws.stream('network'), (url, sequences) => {
    try {
      checkLimit(pools, url, sequences, attempt.requestsInFlightMax);
    } catch (error) {
      violations.push(error);
    }
  });
  return { clock, abort, network, violations, hits };
}

function networkOf({ network, blow }: Attempt): Attempt['network'] {
  if (blow.kind !== 'servers') return network;
  return { ...network, outages: [...network.outages, { url: undefined, fromMs: blow.atMs, toMs: Infinity }] };
}

function withKnobs(plan: Plan, { windowRows, batchRows }: Attempt): Plan {
  const source = { ...plan.settings.source, windowRows, batchRows };
  return { ...plan, settings: { ...plan.settings, source } };
}

async function openSimulated(
  { scenario, disk, kept }: Series,
  attempt: Attempt,
  { clock, network }: Stage,
  draws: Draws,
  pools: Set<Pool>,
  plan: Plan,
): Promise<{ models: Record<string, Model>; workers: SimulatedWorkers | null }> {
  setNetwork(network);
  const isDead = (): boolean => disk.files.isCrashed;
  const store = scenario.hasStore ? simulatedStore(kept, clock, draws.stream('store'), isDead) : null;
  /** The models of one process, which share its servers. */
  const open = async (name: string, kept: (model: Model) => Model): Promise<Record<string, Model>> => {
    const random = draws.stream(name).uniform;
    const shared = watchedPools(pools);
    const models: Record<string, Model> = {};
    for (const role of ROLES) models[role] = kept(await openModelOf(role, attempt, clock, random, shared));
    return models;
  };
  if (!attempt.workers) {
    const models = await open('retries', (model) => (store ? storedModel(model, store, kept) : model));
    return { models, workers: null };
  }
  const desk = store ? createReplyDesk(store) : null;
  const own = desk?.owner();
  const models = await open('retries', (model) =>
    own ? storedModel(model, { path: '/store', count() {}, ...own }, kept) : model,
  );
  let opened = 0;
  const workers = startSimulatedWorkers(attempt.workers, {
    ...{ plan, clock, desk, models, draws: draws.stream('workers') },
    prompt: promptFrom(plan.folder, checkDeps()),
    openModels: (replies, lease) =>
      open(`retries of ${opened++}`, (model) => (replies ? storedModel(model, replies, kept, lease) : model)),
  });
  return { models, workers };
}

/** Writers, vectors, scores of steps, and sandboxes: all on the same servers. */
const ROLES = ['m', 'e', 'p', 's'] as const;

function openModelOf(
  name: (typeof ROLES)[number],
  { replicas, requestsInFlightMax, declaresSlots, network: { slots } }: Attempt,
  clock: SimulatedClock,
  random: () => number,
  pools: SharedPools,
): Promise<Model> {
  const servers = {
    model: 'sim',
    replicas: Array.from({ length: replicas }, (_, at) => serverUrl(at)),
    ...{ requestsInFlightMax, retriesMax: RETRIES_MAX, timeoutMs: 20_000, unreachableMs: UNREACHABLE_MS },
    ...(declaresSlots ? { slots } : {}),
  };
  const deps = { env: {}, folder: '/', clock, random, pools };
  if (name === 'e') return openModel(name, { embeddings: servers }, deps);
  if (name === 'p') return openModel(name, { pooling: { ...servers, stepToken: STEP_TOKEN } }, deps);
  if (name === 's') {
    const { model: _, slots: places = 8, ...sandboxes } = servers;
    return openModel(name, { sandboxFusion: { ...sandboxes, slots: places } }, deps);
  }
  return openModel(name, { openai: servers, template: 'qwen2-math' }, deps);
}

/** Pools that models share, each told once it is there. */
function watchedPools(pools: Set<Pool>): SharedPools {
  const shared = createSharedPools();
  return {
    take(options) {
      const taken = shared.take(options);
      pools.add(taken.pool);
      return taken;
    },
  };
}

function watchedStages({ stages, place }: PlacedStages, { watch }: Flow): PlacedStages {
  return {
    stages,
    place: (at, deps) => watch(place(at, deps), `stage ${at}`, stages[at]!.first),
  };
}

const FAILING: Record<string, readonly Operation['kind'][]> = {
  ENOSPC: ['write', 'mkdir', 'sync'],
  EDQUOT: ['write', 'mkdir', 'sync'],
  EMFILE: ['open', 'syncFolder', 'readdir'],
  EIO: ['write', 'sync', 'read', 'truncate', 'rename', 'open', 'close', 'syncFolder', 'stat'],
};

/** What the blow does to a call of the file system. */
function faultOf(blow: Blow, hits: string[]): (operation: Operation) => Fault | null {
  if (blow.kind !== 'crash' && blow.kind !== 'disk') return () => null;
  let calls = 0;
  return ({ kind, path, bytes }) => {
    if (blow.aim === 'manifest' && !path.endsWith('/manifest.jsonl')) return null;
    if (calls++ < blow.atCall) return null;
    const bytesWritten = Math.floor(bytes * blow.part);
    if (blow.kind === 'crash') return { kind: 'crash', bytesWritten };
    if (!FAILING[blow.errno]!.includes(kind) || (hits.length > 0 && !blow.stays)) return null;
    hits.push(`${blow.errno} at ${kind}`);
    return { kind: 'error', errno: blow.errno, bytesWritten };
  };
}

/** Blows that come by the clock. */
function strike(blow: Blow, { clock, abort }: Stage, ended: AbortSignal): void {
  if (blow.kind !== 'cancel') return;
  clock.sleep(blow.atMs, ended).then(
    () => abort.abort(),
    () => {},
  );
}

function endingOf(error: unknown): string {
  // A broken invariant, whether ours or the run's own, is never an ending.
  if (!(error instanceof ScaleQuestError) || error.code === 'ERR_INVARIANT') throw error;
  return error.code;
}

const ENDINGS: Record<Blow['kind'], readonly string[]> = {
  none: ['ok'],
  crash: [],
  disk: ['ok', 'ERR_IO_WRITE', 'ERR_IO_READ'],
  cancel: ['ok', 'ERR_CANCELLED'],
  servers: ['ok', 'ERR_MODEL_UNREACHABLE'],
};

function checkEnding(code: string, { kind }: Blow, { isCrashed }: CrashingFiles, isLossy: boolean): void {
  if (isCrashed) return assert.notEqual(code, 'ok', 'end: a dead process finished its run');
  const allowed = kind === 'crash' ? ['ok'] : ENDINGS[kind];
  assert.ok(
    allowed.includes(code),
    `end: ${code} after ${kind}${isLossy ? ' (lossy)' : ''}, expected ${allowed.join(' or ')}`,
  );
}

/** Whether some kind of request did nothing but fail, for as long as a run waits for a server. */
function hasOnlyFailed({ failing }: SimulatedNetwork): boolean {
  const known = ({ sinceMs, lastMs }: Failing): boolean => lastMs - sinceMs >= UNREACHABLE_MS;
  // A call, and the control request after it: nobody waits for a server whose first replies are broken.
  const first = ({ wasAnswered, tries }: Failing): boolean => !wasAnswered && tries >= 2 * (RETRIES_MAX + 1);
  return [...failing.values()].some((kind) => known(kind) || first(kind));
}

/**
 * At the moment of dispatch of a call: the last one below the limit may reach beyond it, but not beyond what the user set. Each worker
 * has a pool; which one sends is not known, so it must hold of one of those that ask this server.
 */
function checkLimit(pools: Set<Pool>, url: string, sequences: number, most: number): void {
  const asked = [...pools].flatMap((pool) => pool.stats().replicas.filter((found) => found.url === url));
  for (const { limit } of asked) assert.ok(limit <= most, `limit: ${limit}, at most ${most}`);
  const faults = asked.map((replica) => limitFault(replica, url, sequences, most));
  assert.ok(faults.length === 0 || faults.includes(null), `limit: ${faults[0]}`);
}

function limitFault(
  { outstanding, limit }: { outstanding: number; limit: number },
  url: string,
  sequences: number,
  most: number,
): string | null {
  const before = outstanding - sequences;
  if (before >= limit) return `${before} sequences at ${url} before one more call, limit ${limit}`;
  return outstanding <= most || before === 0 ? null : `${outstanding} sequences at ${url}, at most ${most}`;
}

/** Once the models are closed: nothing is out, nothing waits, every call has settled. */
function checkCalls(network: SimulatedNetwork, models: Record<string, Model>, pools: Set<Pool>): void {
  assert.equal(network.settled, network.sent, 'calls: some never settled');
  for (const model of Object.values(models)) {
    const { inFlight, queued } = model.stats();
    assert.deepEqual({ inFlight, queued }, { inFlight: 0, queued: 0 }, 'calls: some are still in flight');
  }
  for (const pool of pools) {
    const { replicas } = pool.stats();
    assert.deepEqual(
      replicas.map(({ outstanding }) => outstanding),
      replicas.map(() => 0),
      'calls: places lost',
    );
  }
}

/** A run that ended by itself, however, leaves nothing open, and nothing half done of its own. */
function checkLeft(disk: Disk, before: ReadonlyMap<string, Uint8Array>): void {
  assert.equal(disk.files.openHandles, 0, 'files: left open');
  const left = [...filesOf(disk).keys()].filter((name) => name.endsWith('.tmp') && !before.has(name));
  assert.deepEqual(left, [], 'files: left half written');
}

function crashName(blow: Blow): 'killed' | 'power cut' {
  return blow.kind === 'crash' && blow.isPowerCut ? 'power cut' : 'killed';
}

function note(result: Simulated, stage: Stage, ending: string, fileCalls: number): void {
  result.attempts += 1;
  result.endings.push(ending);
  result.requests += stage.network.sent;
  result.fileCalls += fileCalls;
  result.virtualMs += stage.clock.nowMs() - START_MS;
  const add = (kind: string, count: number): void =>
    void (result.faults[kind] = (result.faults[kind] ?? 0) + count);
  for (const [kind, count] of Object.entries(stage.network.counts)) add(kind, count);
  for (const hit of stage.hits) add(`disk: ${hit}`, 1);
}

import assert from 'node:assert/strict';
import { committedFiles } from '../../src/io/runFolder/commits.js';
import type { ScaleQuestError } from '../../src/errors.js';
import type { Plan } from '../../src/pipeline/plan.js';
import { deriveSeed } from '../../src/random.js';
import { type CrashingFiles, crashingFiles } from '../helpers/files/crashingFiles.js';
import { pausingFiles } from '../helpers/files/pausingFiles.js';
import {
  assertEveryRowOnce,
  assertSameFolder,
  changesSomething,
  commitsIn,
  unbrokenRun,
} from './simulated.js';
import {
  FIRST_KNOBS,
  type Knobs,
  type PipelineName,
  dataOf,
  drawKnobs,
  planOf,
  runOn,
} from './simulatedWorld.js';

/**
 * A run stands still before one of its calls to the file system, each in turn. Another machine takes it over. The first goes on
 * when the other is at its end, or in the middle of it.
 */

export interface TakenSeries {
  pipeline: PipelineName;
  seed: number;
  /** Every so many-th call is tried, from a drawn one on. */
  stride: number;
  /** The other machine's models answer otherwise, as real ones do. */
  hasOtherReplies?: boolean;
}

export interface TakenCounts {
  takeOvers: number;
  /** The older process ended with ERR_RUN_TAKEN_OVER. */
  ended: number;
  /** It went on while the newer one was at work. */
  together: number;
  /** The newer one was ended by the older one's last call, the removal of its lock. */
  lost: number;
  /** The older one stood still between its check and a removal, so that a file was gone which the next start makes again. */
  removals: number;
}

export async function takeOverEverywhere(series: TakenSeries): Promise<TakenCounts> {
  const { pipeline, seed, stride, hasOtherReplies = false } = series;
  const plan = await planOf(pipeline);
  const { data } = await unbrokenRun(plan);
  const calls = await countCalls(plan);
  const counts: TakenCounts = { takeOvers: 0, ended: 0, together: 0, lost: 0, removals: 0 };
  for (let call = deriveSeed(seed, 'first', 2) % stride; call < calls; call += stride) {
    const drawn = deriveSeed(seed, 'takeOver', call);
    // Half of them go on in the middle.
    const goesOnAt = drawn % 2 === 0 ? Infinity : deriveSeed(drawn, 'goesOn', 0) % calls;
    try {
      const disk = await takeOverAt(plan, { call, goesOnAt, drawn, hasOtherReplies }, counts);
      if (hasOtherReplies) await assertEveryRowOnce(disk);
      else assertSameFolder(dataOf(disk), data);
      assert.equal(disk.openHandles, 0, 'files were left open');
    } catch (error) {
      const when = goesOnAt === Infinity ? 'at the end' : `at call ${goesOnAt}`;
      const said = `${pipeline}, stood still at call ${call}, went on ${when} (seed ${seed})`;
      throw new Error(`${said}: ${(error as Error).message}`, { cause: error });
    }
  }
  return counts;
}

async function countCalls(plan: Plan): Promise<number> {
  let calls = 0;
  await runOn(
    pausingFiles(crashingFiles(), async () => void (calls += 1)),
    plan,
    FIRST_KNOBS,
  );
  return calls;
}

interface TakeOver {
  call: number;
  goesOnAt: number;
  drawn: number;
  hasOtherReplies: boolean;
}

async function takeOverAt(
  plan: Plan,
  { call, goesOnAt, drawn, hasOtherReplies }: TakeOver,
  counts: TakenCounts,
): Promise<CrashingFiles> {
  const disk = crashingFiles();
  const still = deferred();
  const goOn = deferred();
  let calls = 0;
  let firstChange: string | null = null;
  const older = pausingFiles(disk, async (operation) => {
    const number = calls++;
    if (number >= call && changesSomething(operation)) firstChange ??= operation.kind;
    if (number !== call) return;
    still.resolve();
    await goOn.promise;
  });
  const first = endOf(runOn(older, plan, FIRST_KNOBS, { host: 'there' }));
  await Promise.race([still.promise, first]);
  const toldBefore = committedOf(disk);
  let otherCalls = 0;
  let turns = 0;
  const newer = pausingFiles(disk, async () => {
    if (otherCalls++ === goesOnAt) goOn.resolve();
    for (let left = deriveSeed(drawn, 'turns', turns++) % 3; left > 0; left--) await Promise.resolve();
  });
  const knobs: Knobs = { ...drawKnobs(drawn), ...(hasOtherReplies ? { repliesSeed: 1 + call } : {}) };
  const second = endOf(runOn(newer, plan, knobs, { takeOver: true }));
  await second;
  counts.takeOvers += 1;
  if (otherCalls > goesOnAt) counts.together += 1;
  goOn.resolve();
  note(await first, counts);
  for (const [file, bytes] of toldBefore) assert.equal(dataOf(disk).get(file), bytes, `${file} was changed`);
  const failure = await second;
  if (failure !== null) {
    assert.match(failure.message, /its lock is gone/);
    counts.lost += 1;
  }
  if (firstChange === 'unlink') counts.removals += 1;
  if (firstChange === 'unlink' || failure !== null) await runOn(disk, plan, knobs);
  return disk;
}

/** Files of commits that are in the manifest now, with their bytes. */
function committedOf(disk: CrashingFiles): [file: string, bytes: Uint8Array | undefined][] {
  const found = dataOf(disk);
  return committedFiles(commitsIn(disk)).map(({ file }) => [file, found.get(file)]);
}

function note(failure: ScaleQuestError | null, counts: TakenCounts): void {
  if (failure === null) return;
  // It stood still before it had the lock.
  const isRefused = failure.code === 'ERR_RUN_FOLDER' && /is writing it/.test(failure.message);
  if (failure.code !== 'ERR_RUN_TAKEN_OVER' && !isRefused) throw failure;
  counts.ended += 1;
}

/** Null where it came to its end well. */
function endOf(running: Promise<void>): Promise<ScaleQuestError | null> {
  return running.then(
    () => null,
    (error: ScaleQuestError) => error,
  );
}

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => {};
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}

import { relative } from 'node:path';
import { systemClock } from '../clock.js';
import type { Model } from '../backends/model.js';
import { type ErrorCode, ScaleQuestError } from '../errors.js';
import { type Files, nodeFiles } from '../io/files/files.js';
import { makeRunFolder } from '../io/run/runFolder.js';
import { lockRunFolder } from '../io/run/runLock.js';
import type { Override } from '../pipeline/document.js';
import { nothingMeasured } from '../run/figures.js';
import type { Plan } from '../pipeline/plan.js';
import { EXIT_CODES } from './exitCodes.js';
import { loadPlan, promptOf } from '../run/load.js';
import { closeModels, openModels } from '../run/openModels.js';
import { signalOnInterrupt } from './interrupt.js';
import { type Progress, createProgress } from './progress.js';
import { runFolderOf } from '../run/runFolders.js';
import { type RunWorld, runInto } from '../run/runInto.js';
import { printSummary } from './summary.js';
import type { TrainingResult } from '../train/train.js';
import { trainAfter } from './train.js';

export interface RunFlags {
  out?: string | undefined;
  fresh?: boolean;
}

/** `files`: of the run folder; a test's may end the process at any of its calls. */
export async function runCommand(
  file: string,
  overrides: readonly Override[],
  { out, fresh = false }: RunFlags,
  files: Files = nodeFiles,
): Promise<void> {
  const plan = await loadPlan(file, overrides, process.env);
  const { isShort } = await runPlan(plan, await runFolderOf(plan, out, fresh), files);
  if (isShort) process.exitCode = EXIT_CODES.short;
}

/** Runs a plan in its folder, begins or goes on, and trains on it where it says so. */
export async function runPlan(
  plan: Plan,
  path: string,
  files: Files = nodeFiles,
): Promise<{ isShort: boolean; trained: TrainingResult[] }> {
  await makeRunFolder(files, path);
  const lock = await lockRunFolder(files, path, systemClock.sleep);
  const { signal, dispose } = signalOnInterrupt();
  const progress = progressOf(plan);
  let models: Record<string, Model> = {};
  let committed: Committed | null = null;
  const world: RunWorld = {
    files,
    prompt: promptOf(plan),
    async openModels() {
      const opened = await openModels(plan, { env: process.env, runPath: path, signal });
      models = opened.models;
      return opened;
    },
    signal,
    now: () => new Date(),
    nowMs: () => performance.now(),
    memoryPeakBytes: () => process.resourceUsage().maxRSS * 1024,
    onStart(opened, { from, kept }) {
      committed = { next: from, kept };
      if (from > 0)
        process.stderr.write(`Going on in ${relative('', path)}: ${kept} rows kept of ${from}.\n`);
      progress.start(opened, kept);
    },
    onCounts: progress.counts,
    onDelivered: progress.delivered,
    onCommitted: (next, kept) => (committed = { next, kept }),
  };
  try {
    const { report, performance } = await runInto(plan, path, world);
    progress.stop();
    committed = null;
    printSummary(plan, report, performance, path);
    const unmeasured = nothingMeasured(plan, report);
    if (unmeasured) throw unmeasured;
    const { target } = plan.settings;
    const isShort = target !== undefined && report.rowsKept < target;
    await closeModels(Object.values(models));
    models = {};
    return { isShort, trained: await trainAfter(plan, path, signal, { isShort }) };
  } catch (error) {
    progress.stop();
    if (committed) process.stderr.write(committedText(path, committed, error));
    throw error;
  } finally {
    progress.stop();
    dispose();
    await closeModels(Object.values(models));
    await lock.release().catch(() => {});
  }
}

interface Committed {
  /** The first source position that no commit covers. */
  next: number;
  kept: number;
}

/** What an unfinished run has for certain, and how to go on. */
function committedText(path: string, { next, kept }: Committed, error: unknown): string {
  const folder = relative('', path);
  const code = error instanceof ScaleQuestError ? error.code : 'ERR_INVARIANT';
  const advice = STAYS.includes(code) ? '' : ' The same command goes on from there.';
  return `Committed in ${folder}: ${kept} rows kept of ${next}.${advice}\n`;
}

/** Would only come again. */
const STAYS: readonly ErrorCode[] = ['ERR_INVARIANT', 'ERR_TARGET_UNREACHABLE', 'ERR_DATA_INVALID'];

function progressOf(plan: Plan): Progress {
  const steps = plan.steps.map(({ label }) => label);
  return createProgress(steps, plan.settings.target, {
    write: (text) => void process.stderr.write(text),
    isTerminal: process.stderr.isTTY,
    nowMs: () => performance.now(),
    every(periodMs, tick) {
      const timer = setInterval(tick, periodMs);
      return () => clearInterval(timer);
    },
  });
}

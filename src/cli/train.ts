import { resolve } from 'node:path';
import { systemClock } from '../clock.js';
import { ScaleQuestError } from '../errors.js';
import { nodeFiles } from '../io/files/files.js';
import { hasManifest } from '../io/run/runFolder.js';
import { lockRunFolder } from '../io/run/runLock.js';
import type { Override } from '../pipeline/document.js';
import type { Plan } from '../pipeline/plan.js';
import { commandOf, printCommand } from '../train/command.js';
import { filledRemover } from '../train/environment.js';
import type { TrainingWorld } from '../train/launch.js';
import { type Training, labelOf } from '../train/schema.js';
import {
  type Prepared,
  type RunPlaces,
  type TrainingResult,
  prepareToLaunch,
  train,
} from '../train/train.js';
import { exitCodeOf } from './exitCodes.js';
import { loadPlan } from '../run/load.js';
import { signalOnInterrupt } from './interrupt.js';
import type { ProgressDeps } from './progress.js';
import { runFolderOf } from '../run/runFolders.js';
import { createTrainingProgress } from './trainingProgress.js';

export interface TrainFlags {
  out?: string | undefined;
  dryRun?: boolean;
  fresh?: boolean;
}

/** Launches the trainings of a pipeline on its finished run, without running it again. */
export async function trainCommand(
  file: string,
  overrides: readonly Override[],
  { out, dryRun = false, fresh = false }: TrainFlags,
): Promise<void> {
  // The rows are there: where they came from may be gone.
  const plan = await loadPlan(file, overrides, process.env, (_path, what) => what === 'source');
  const path = await runFolderOf(plan, out, false);
  if (plan.settings.train.length === 0) {
    process.stdout.write(`${file} has no \`train\`: nothing to launch.\n`);
    return;
  }
  if (dryRun) return printCommands(plan, path, fresh);
  // Without a run there is no folder to lock either; what is missing is said by the training itself.
  const lock = (await hasManifest(nodeFiles, path))
    ? await lockRunFolder(nodeFiles, path, systemClock.sleep)
    : null;
  const { signal, dispose } = signalOnInterrupt();
  try {
    await trainAfter(plan, path, signal, { fresh });
  } finally {
    dispose();
    await lock?.release().catch(() => {});
  }
}

/**
 * As they would be launched now, or what would stop them, with the exit code that this gives; before the run is finished, as
 * after it.
 */
async function printCommands(plan: Plan, path: string, fresh: boolean): Promise<void> {
  const places = placesOf(plan, path);
  process.stdout.write(`cd ${printCommand([resolve(plan.folder)])}\n`);
  let taken = 0;
  for (const [number, training] of plan.settings.train.entries()) {
    try {
      const prepared = await prepareToLaunch(training, places, nodeFiles, fresh, taken);
      if (prepared.state === 'due' && prepared.folder.record === null) taken += 1;
      process.stdout.write(dryText(plan, training, prepared));
    } catch (error) {
      if (!(error instanceof ScaleQuestError)) throw error;
      const isFinished = error.data['isFinished'] !== false;
      const own = resolve(path, 'train', String(number));
      const command = isFinished ? null : commandOf(training, { ...places, own });
      process.stdout.write(stoppedText(plan, training, error, command));
      if (isFinished) process.exitCode = exitCodeOf(error.code);
    }
  }
}

function dryText({ filled }: Plan, training: Training, prepared: Prepared): string {
  const head = `# ${labelOf(training)}`;
  if (prepared.state === 'notDue') return `${head}: not launched; ${prepared.reasons.join('; ')}\n`;
  if (prepared.state === 'finishedBefore') return `${head}: finished already; --fresh trains again\n`;
  const again = prepared.again === null ? '' : `: finished before, but ${prepared.again}`;
  return `${head}${again}\n${printCommand(prepared.command.map(filledRemover(filled)))}\n`;
}

function stoppedText(
  { filled }: Plan,
  training: Training,
  { message, code }: ScaleQuestError,
  command: readonly string[] | null,
): string {
  const clean = filledRemover(filled);
  const later = command === null ? '' : `# After it:\n${printCommand(command.map(clean))}\n`;
  // Every line of it is a comment: what is printed can be given to a shell.
  const why = clean(message).replaceAll('\n', '\n# ');
  return `# ${labelOf(training)}: would not be launched: ${why} [${code}]\n${later}`;
}

function placesOf(plan: Plan, path: string): RunPlaces {
  return { folder: plan.folder, run: resolve(path), name: plan.name, seed: plan.settings.seed };
}

/**
 * The trainings of a plan on its finished run in `path`, one after the other; none where the run was short of its target.
 * Models must be closed by then: trainers want the memory. The first that fails ends it.
 */
export async function trainAfter(
  plan: Plan,
  path: string,
  signal: AbortSignal,
  { fresh = false, isShort = false }: { fresh?: boolean; isShort?: boolean },
): Promise<TrainingResult[]> {
  if (isShort && plan.settings.train.length > 0) {
    process.stdout.write(
      'Nothing was trained: the target was not reached. `scalequest train` does it all the same.\n',
    );
    return [];
  }
  const results: TrainingResult[] = [];
  for (const training of plan.settings.train) {
    const { world, stop } = trainingWorld(signal, plan.filled);
    try {
      const result = await train(training, placesOf(plan, path), world, fresh);
      stop();
      process.stdout.write(`${resultLine(`training ${labelOf(training)}`, result)}\n`);
      results.push(result);
    } finally {
      stop();
    }
  }
  return results;
}

/** The real world, with progress on the error stream until `stop`. */
export function trainingWorld(
  signal: AbortSignal,
  filled: ReadonlyMap<string, string>,
  what = 'training',
): { world: TrainingWorld; stop: () => void } {
  const write = (text: string): void => void process.stderr.write(text);
  const deps: ProgressDeps = {
    write,
    isTerminal: process.stderr.isTTY,
    nowMs: () => performance.now(),
    every(periodMs, tick) {
      const timer = setInterval(tick, periodMs);
      return () => clearInterval(timer);
    },
  };
  const progress = createTrainingProgress(deps, what);
  const world: TrainingWorld = {
    files: nodeFiles,
    clock: systemClock,
    env: process.env,
    signal,
    now: () => new Date(),
    filled,
    onAgain: (label, why) => write(`${what} ${label}: finished before, but ${why}; once more.\n`),
    onLaunch: progress.start,
    onMetrics: progress.metrics,
  };
  return { world, stop: progress.stop };
}

/** `what`: as `training solver`; `gives`: what stands in the output. */
export function resultLine(what: string, result: TrainingResult, gives = 'model'): string {
  if (result.state === 'notDue') return `${what}: not launched; ${result.reasons.join('; ')}`;
  const { output, wallS, lossFirst, lossLast, endedAt } = result.record;
  if (result.state === 'finishedBefore')
    return `${what}: finished already (${endedAt}), not launched again; ${gives} in ${output}`;
  const loss = lossFirst === null ? '' : `, loss ${lossFirst} at first, ${lossLast} at last`;
  return `${what}: finished in ${(wallS ?? 0).toFixed(1)} s${loss}; ${gives} in ${output}`;
}

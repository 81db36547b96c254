import { resolve } from 'node:path';
import type { Override } from '../pipeline/document.js';
import type { Plan } from '../pipeline/plan.js';
import { runFolderOf } from '../run/runFolders.js';
import { systemWorld } from '../run/systemWorld.js';
import { type TrainingState, planFinished, trainPipeline, trainingStates } from '../run/trainPipeline.js';
import { printCommand } from '../train/command.js';
import { filledRemover } from '../train/environment.js';
import { labelOf } from '../train/schema.js';
import { exitCodeOf } from './exitCodes.js';
import { signalOnInterrupt } from './interrupt.js';
import { showTraining } from './showTraining.js';

export interface TrainFlags {
  out?: string | undefined;
  dryRun?: boolean;
  fresh?: boolean;
}

/** Launches the trainings of a pipeline on its finished run, without running it again. */
export async function trainCommand(
  file: string,
  overrides: readonly Override[],
  { dryRun = false, ...flags }: TrainFlags,
): Promise<void> {
  if (dryRun) return printStates(file, overrides, flags);
  const { signal, dispose } = signalOnInterrupt();
  const shown = showTraining();
  try {
    const training = await trainPipeline(file, { set: overrides, ...flags, signal });
    if (training.plan.settings.train.length === 0) process.stdout.write(nothingText(file));
    training.events.subscribe(shown.show);
    await training.result;
  } finally {
    shown.stop();
    dispose();
  }
}

function nothingText(file: string): string {
  return `${file} has no \`train\`: nothing to launch.\n`;
}

/**
 * The commands as they would be launched now, or what would stop them, with the exit code that this gives; before the run is
 * finished, as after it.
 */
async function printStates(
  file: string,
  overrides: readonly Override[],
  { out, fresh = false }: TrainFlags,
): Promise<void> {
  const world = systemWorld();
  const plan = await planFinished(file, { set: overrides }, world);
  if (plan.settings.train.length === 0) return void process.stdout.write(nothingText(file));
  const states = await trainingStates(plan, await runFolderOf(plan, out, false), world, fresh);
  process.stdout.write(`cd ${printCommand([resolve(plan.folder)])}\n`);
  for (const state of states) {
    process.stdout.write(stateText(plan, state));
    if ('error' in state && state.command === null) process.exitCode = exitCodeOf(state.error.code);
  }
}

function stateText({ filled }: Plan, state: TrainingState): string {
  const clean = filledRemover(filled);
  const head = `# ${labelOf(state.training)}`;
  if ('error' in state) {
    const { error, command } = state;
    const later = command === null ? '' : `# After it:\n${printCommand(command.map(clean))}\n`;
    // Every line of it is a comment: what is printed can be given to a shell.
    const why = clean(error.message).replaceAll('\n', '\n# ');
    return `${head}: would not be launched: ${why} [${error.code}]\n${later}`;
  }
  const { prepared } = state;
  if (prepared.state === 'notDue') return `${head}: not launched; ${prepared.reasons.join('; ')}\n`;
  if (prepared.state === 'finishedBefore') return `${head}: finished already; --fresh trains again\n`;
  const again = prepared.again === null ? '' : `: finished before, but ${prepared.again}`;
  return `${head}${again}\n${printCommand(prepared.command.map(clean))}\n`;
}

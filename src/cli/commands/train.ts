import { resolve } from 'node:path';
import {
  type CommandSpec,
  type PipelineFlags,
  type ProgressFlags,
  declarePipeline,
  declareProgress,
} from '../command.js';
import { exitCodeOf } from '../exitCodes.js';
import { openOutput } from '../show/terminal.js';
import { type WatchFlags, declareWatchers, openWatchers } from '../watchers.js';

export const trainCommand: CommandSpec = {
  name: 'train',
  summary: 'Launch the trainings of a pipeline on its finished run, each once.',
  declare: (command) =>
    declareWatchers(declareProgress(declarePipeline(command)))
      .option('--out <folder>', 'the run folder')
      .option('--dry-run', 'print the commands and launch nothing')
      .option('--fresh', 'train again, in a folder beside what is finished'),
  action: trainFile,
};

interface TrainFlags extends PipelineFlags, ProgressFlags, WatchFlags {
  out?: string | undefined;
  dryRun?: boolean;
  fresh?: boolean;
}

/** Launches the trainings of a pipeline on its finished run, without running it again. */
async function trainFile(file: string, { dryRun = false, progress, ...flags }: TrainFlags): Promise<void> {
  if (dryRun) return printStates(file, flags);
  const { trainPipeline } = await import('../../run/trainPipeline.js');
  const { showTraining } = await import('../show/showTraining.js');
  const { eventPrinter } = await import('../show/run/eventLine.js');
  const output = await openOutput(progress);
  const watchers = await openWatchers(flags);
  const shown = showTraining(output);
  try {
    const training = await trainPipeline(file, { ...flags, signal: watchers.signal });
    watchers.follow(training);
    const { settings, filled } = training.plan;
    if (settings.train.length === 0 && output.mode !== 'json') process.stdout.write(nothingText(file));
    training.events.subscribe(output.mode === 'json' ? eventPrinter(filled) : shown.show);
    await training.result;
    await watchers.stay();
  } finally {
    shown.stop();
    await watchers.close();
  }
}

function nothingText(file: string): string {
  return `${file} has no \`train\`: nothing to launch.\n`;
}

/**
 * Prints the commands as they would be launched now, or what would stop them, and sets the exit code accordingly. The run need
 * not be finished.
 */
async function printStates(file: string, { set, out, fresh = false }: TrainFlags): Promise<void> {
  const { planFinished, trainingStates } = await import('../../run/trainPipeline.js');
  const { systemWorld } = await import('../../run/systemWorld.js');
  const { runFolderOf } = await import('../../run/runFolders.js');
  const { printCommand } = await import('../../train/command.js');
  const { trainingStateText } = await import('../show/trainingStateText.js');
  const world = systemWorld();
  const plan = await planFinished(file, { set }, world);
  if (plan.settings.train.length === 0) return void process.stdout.write(nothingText(file));
  const states = await trainingStates(plan, await runFolderOf(plan, out, false), world, fresh);
  process.stdout.write(`cd ${printCommand([resolve(plan.folder)])}\n`);
  for (const state of states) {
    process.stdout.write(trainingStateText(plan, state));
    if ('error' in state && state.command === null) process.exitCode = exitCodeOf(state.error.code);
  }
}

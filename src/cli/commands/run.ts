import type { SystemWorld } from '../../run/systemWorld.js';
import { type CommandSpec, type PipelineFlags, declarePipeline } from '../command.js';
import { EXIT_CODES } from '../exitCodes.js';
import { signalOnInterrupt } from '../interrupt.js';

export const runCommand: CommandSpec = {
  name: 'run',
  summary: 'Run a pipeline and write its data set, or go on with a run that was interrupted.',
  declare: (command) =>
    declarePipeline(command)
      .option('--out <folder>', 'the run folder; a run that was begun there goes on')
      .option('--fresh', 'start anew, in a folder beside the one that is used')
      .option('--take-over', 'go on here, whichever process holds the run folder; that one ends'),
  action: (file: string, flags: RunFlags) => runFile(file, flags),
};

interface RunFlags extends PipelineFlags {
  out?: string | undefined;
  fresh?: boolean;
  takeOver?: boolean;
}

/** Tests pass a `world` whose files end the process at a chosen call. */
export async function runFile(file: string, flags: RunFlags, world?: SystemWorld): Promise<void> {
  const { runPipeline } = await import('../../run/runPipeline.js');
  const { showRun } = await import('../show/showRun.js');
  const { signal, dispose } = signalOnInterrupt();
  try {
    const { isShort } = await showRun(await runPipeline(file, { ...flags, signal }, world));
    if (isShort) process.exitCode = EXIT_CODES.short;
  } finally {
    dispose();
  }
}

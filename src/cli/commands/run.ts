import type { SystemWorld } from '../../run/systemWorld.js';
import type { WorkersOptions } from '../../run/planPipeline.js';
import { type CommandSpec, type PipelineFlags, declarePipeline, parseWholeNumber } from '../command.js';
import { TOKEN_VARIABLE, readToken } from '../readToken.js';
import { EXIT_CODES } from '../exitCodes.js';
import { signalOnInterrupt } from '../interrupt.js';
import { parseAddress } from '../parseAddress.js';

export const runCommand: CommandSpec = {
  name: 'run',
  summary: 'Run a pipeline and write its data set, or go on with a run that was interrupted.',
  declare: (command) =>
    declarePipeline(command)
      .option('--out <folder>', 'the run folder; a run that was begun there goes on')
      .option('--fresh', 'start anew, in a folder beside the one that is used')
      .option('--take-over', 'go on here, whichever process holds the run folder; that one ends')
      .option(
        '--workers <count>',
        'start so many processes here, which do the steps that ask models',
        parseWholeNumber,
      )
      .option(
        '--listen <host:port>',
        'listen for `scalequest worker` on other machines; needs a token',
        parseAddress,
      )
      .option('--token-file <file>', `the file with the workers' token; ${TOKEN_VARIABLE} if absent`),
  action: (file: string, flags: RunFlags) => runFile(file, flags),
};

interface RunFlags extends PipelineFlags {
  out?: string | undefined;
  fresh?: boolean;
  takeOver?: boolean;
  workers?: number;
  listen?: { host: string; port: number };
  tokenFile?: string;
}

/** Tests pass a `world` whose files end the process at a chosen call. */
export async function runFile(file: string, flags: RunFlags, world?: SystemWorld): Promise<void> {
  const { runPipeline } = await import('../../run/runPipeline.js');
  const { showRun } = await import('../show/showRun.js');
  const { signal, dispose } = signalOnInterrupt();
  try {
    const { isShort } = await showRun(
      await runPipeline(file, { ...flags, workers: await workersOf(flags), signal }, world),
    );
    if (isShort) process.exitCode = EXIT_CODES.short;
  } finally {
    dispose();
  }
}

/** Without one of its flags, a run is one process, and no worker can come. */
async function workersOf({ workers, listen, tokenFile }: RunFlags): Promise<WorkersOptions | undefined> {
  if (listen) return { count: workers, listen, token: await readToken(tokenFile) };
  return workers === undefined ? undefined : { count: workers };
}

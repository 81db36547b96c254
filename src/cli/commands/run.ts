import { ScaleQuestError } from '../../errors.js';
import type { SystemWorld } from '../../run/systemWorld.js';
import type { WorkersOptions } from '../../run/plan/planPipeline.js';
import {
  type CommandSpec,
  type PipelineFlags,
  type ProgressFlags,
  declarePipeline,
  declareProgress,
  parseWholeNumber,
} from '../command.js';
import { WORKER_TOKEN_VARIABLE } from '../../run/workers/tokenVariable.js';
import { readToken } from '../readToken.js';
import { EXIT_CODES } from '../exitCodes.js';
import { signalOnInterrupt } from '../interrupt.js';
import { openOutput } from '../show/terminal.js';
import { type WatchFlags, declareWatchers, openWatchers } from '../watchers.js';
import { parseAddress } from '../parseAddress.js';

export const runCommand: CommandSpec = {
  name: 'run',
  summary: 'Run a pipeline and write its data set, or go on with a run that was interrupted.',
  declare: (command) =>
    declareWatchers(declareProgress(declarePipeline(command)))
      .option('--out <folder>', 'the run folder; a run that was begun there goes on')
      .option('--fresh', 'start anew, in a folder beside the one that is used')
      .option('--take-over', 'go on here, whichever process holds the run folder; that one ends')
      .optionsGroup('With workers:')
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
      .option('--token-file <file>', `the file with the workers' token; ${WORKER_TOKEN_VARIABLE} if absent`)
      .optionsGroup('On a Ray cluster:')
      .option('--on <address>', 'run there: the address of its dashboard, as http://head:8265')
      .option('--stop', 'stop the job of this run there')
      .option('--detach', 'submit the job, and do not follow it')
      .option(
        '--folder <path>',
        'where its nodes see the folder that this is typed in; the same path if absent',
      )
      .option('--scalequest <words>', 'how it is started there', 'npx scalequest')
      .option('--python <words>', 'how the Python of the cluster is started on its head', 'python3')
      .option('--env <name>', 'hand on a variable of this environment; may be repeated', gather, []),
  action: (file: string, flags: RunFlags) =>
    flags.on === undefined ? runFile(file, flags) : runOnCluster(file, { ...flags, on: flags.on }),
};

function gather(text: string, before: string[]): string[] {
  return [...before, text];
}

interface RunFlags extends PipelineFlags, ProgressFlags, WatchFlags {
  out?: string | undefined;
  fresh?: boolean;
  takeOver?: boolean;
  workers?: number;
  listen?: { host: string; port: number };
  tokenFile?: string;
  on?: string;
  stop?: boolean;
  detach?: boolean;
  folder?: string;
  scalequest?: string;
  python?: string;
  env?: string[];
}

/** Tests pass a `world` whose files end the process at a chosen call. */
export async function runFile(file: string, flags: RunFlags, world?: SystemWorld): Promise<void> {
  const misplaced = (['stop', 'detach', 'folder'] as const).find((name) => flags[name]);
  if (misplaced !== undefined)
    throw new ScaleQuestError(
      'ERR_USAGE',
      `found --${misplaced} without --on, expected both: it is about a job on a cluster`,
    );
  const { runPipeline } = await import('../../run/runPipeline.js');
  const { showRun } = await import('../show/run/showRun.js');
  const output = await openOutput(flags.progress);
  const watchers = await openWatchers(flags);
  try {
    const { calls, signal } = watchers;
    const run = await runPipeline(file, { ...flags, workers: await workersOf(flags), calls, signal }, world);
    watchers.follow(run);
    const { isShort } = await showRun(run, output);
    if (isShort) process.exitCode = EXIT_CODES.short;
    await watchers.stay();
  } finally {
    await watchers.close();
  }
}

/** Without one of its flags, a run is one process, and no worker can come. */
async function workersOf({ workers, listen, tokenFile }: RunFlags): Promise<WorkersOptions | undefined> {
  if (listen) return { count: workers, listen, token: await readToken(tokenFile) };
  return workers === undefined ? undefined : { count: workers };
}

async function runOnCluster(file: string, flags: RunFlags & { on: string }): Promise<void> {
  if (flags.fresh)
    throw new ScaleQuestError(
      'ERR_USAGE',
      'found --fresh beside --on, expected --out with another folder: each restart of the run would begin anew',
    );
  if (flags.live !== undefined)
    throw new ScaleQuestError(
      'ERR_USAGE',
      'found --live beside --on, expected one of them: the page would be on a node of the cluster; `scalequest view` shows a run folder',
    );
  if (flags.metrics || flags.otlp)
    throw new ScaleQuestError(
      'ERR_USAGE',
      'found --metrics or --otlp beside --on, expected neither: the run is on a node of the cluster',
    );
  if (flags.workers !== undefined || flags.listen || flags.tokenFile !== undefined)
    throw new ScaleQuestError(
      'ERR_USAGE',
      'found --workers, --listen or --token-file beside --on, expected none of them: a job on Ray has no workers yet',
    );
  const [{ runOnRay }, { showJob }] = await Promise.all([
    import('../../run/cluster/runOnRay.js'),
    import('../show/showJob.js'),
  ]);
  const { on, out, set, stop = false, detach = false, folder: clusterFolder, env = [] } = flags;
  const { scalequest = 'npx scalequest', python = 'python3' } = flags;
  const show = showJob(on);
  const { signal, dispose } = signalOnInterrupt('Not following the job any longer.');
  try {
    const outcome = await runOnRay(file, {
      ...{ on, out, set, stop, detach, clusterFolder, env, signal, folder: process.cwd() },
      ...{ scalequest: wordsOf(scalequest), python: wordsOf(python), onEvent: show.event },
    });
    process.exitCode = show.end(outcome, detach);
  } finally {
    dispose();
  }
}

function wordsOf(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}

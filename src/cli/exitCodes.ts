import type { ErrorCode } from '../errors.js';

/** What the command's exit status says; documented in docs/cli.md and `scalequest --help`. */
export const EXIT_CODES = {
  ok: 0,
  failed: 1,
  usage: 2,
  invalidPipeline: 3,
  model: 4,
  io: 5,
  short: 6,
  training: 7,
  takenOver: 8,
  cluster: 9,
  budget: 10,
  cancelled: 130,
} as const;

export const EXIT_CODE_HELP: Record<keyof typeof EXIT_CODES, string> = {
  ok: 'everything asked for was done',
  failed: 'the run failed for another reason; what was committed is intact',
  usage: 'the command line cannot be understood',
  invalidPipeline: 'the pipeline file cannot be read or has a mistake; nothing was sent or written',
  model: 'a model could not be loaded, or its server refuses or does not answer',
  io: 'a file or folder could not be read or written',
  short: 'the source ended before `target` rows were kept; what was kept is written',
  training: 'the data set is complete, but training on it failed, hung or could not be launched',
  takenOver: 'another process has taken the run over with --take-over, and goes on with it',
  cluster: 'the cluster does not answer, refuses the job, or lost it; the same command goes on with the run',
  budget:
    'the budget is used up; what was committed is intact, and with a larger one the same command goes on',
  cancelled: 'stopped by Ctrl-C or SIGTERM; what was committed is intact',
};

export function exitCodeOf(code: ErrorCode): number {
  if (code === 'ERR_USAGE') return EXIT_CODES.usage;
  if (code.startsWith('ERR_PIPELINE') || code === 'ERR_OPERATOR_LOAD') return EXIT_CODES.invalidPipeline;
  if (code.startsWith('ERR_MODEL')) return EXIT_CODES.model;
  if (
    code.startsWith('ERR_IO') ||
    code.startsWith('ERR_STORE') ||
    code === 'ERR_RUN_FOLDER' ||
    code === 'ERR_DATA_INVALID'
  )
    return EXIT_CODES.io;
  if (code.startsWith('ERR_TRAIN')) return EXIT_CODES.training;
  if (code === 'ERR_RUN_TAKEN_OVER') return EXIT_CODES.takenOver;
  if (code.startsWith('ERR_CLUSTER')) return EXIT_CODES.cluster;
  if (code === 'ERR_BUDGET') return EXIT_CODES.budget;
  if (code === 'ERR_CANCELLED') return EXIT_CODES.cancelled;
  return EXIT_CODES.failed;
}

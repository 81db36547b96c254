import { PipelineProblems, ScaleQuestError } from '../errors.js';
import { printable } from '../text/printable.js';
import { EXIT_CODES, exitCodeOf } from './exitCodes.js';
import { asSystemError } from './systemErrors.js';

/** Prints what ended a command, on the error stream, and gives the exit code for it. */
export function printError(error: unknown): number {
  if (error instanceof PipelineProblems) return printProblems(error);
  const ofSystem = asSystemError(error instanceof ScaleQuestError ? error.cause : error);
  if (ofSystem && isUnexpected(error)) return printError(ofSystem);
  if (error instanceof ScaleQuestError) {
    process.stderr.write(`${printable(error.message)} [${error.code}]\n`);
    return exitCodeOf(error.code);
  }
  process.stderr.write(
    `${printable((error as Error)?.stack ?? String(error))}\nThis is a bug in scalequest: please report it.\n`,
  );
  return EXIT_CODES.failed;
}

/** An error without a code of ours, or one that would be called a bug: what the system refused is neither. */
function isUnexpected(error: unknown): boolean {
  return !(error instanceof ScaleQuestError) || error.code === 'ERR_INVARIANT';
}

function printProblems({ code, problems, unlisted }: PipelineProblems): number {
  for (const problem of problems) process.stderr.write(`${printable(problem.message)} [${problem.code}]\n`);
  const count = problems.length + unlisted;
  if (unlisted > 0) process.stderr.write(`… and ${unlisted} more\n`);
  const isOnline = exitCodeOf(code) === EXIT_CODES.model;
  process.stderr.write(
    `\n${count} mistake${count === 1 ? '' : 's'} found; nothing was ${isOnline ? '' : 'sent or '}written.\n`,
  );
  return exitCodeOf(code);
}

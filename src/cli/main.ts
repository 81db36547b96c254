#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { ScaleQuestError } from '../errors.js';
import { packageVersion } from '../run/systemWorld.js';
import { PipelineProblems } from '../pipeline/document.js';
import { EXIT_CODES, EXIT_CODE_HELP, exitCodeOf } from './exitCodes.js';
import { COMMANDS } from './registry.js';
import { asSystemError, hearOutput } from './systemErrors.js';

const program = new Command('scalequest')
  .description(
    'Reasoning data from scratch: questions, filters, best-of-n answers, Parquet; from one pipeline file.',
  )
  .version(packageVersion())
  .exitOverride()
  .showHelpAfterError('`scalequest --help` lists the commands, `scalequest COMMAND --help` what one takes.')
  .configureHelp({ showGlobalOptions: true })
  .addHelpText('after', `\nExit codes:\n${exitCodeLines()}`);

for (const { name, summary, declare, action } of COMMANDS)
  declare(program.command(name).description(summary)).action(action);

function exitCodeLines(): string {
  return Object.entries(EXIT_CODES)
    .map(
      ([name, code]) => `  ${String(code).padStart(3)}  ${EXIT_CODE_HELP[name as keyof typeof EXIT_CODES]}`,
    )
    .join('\n');
}

function printError(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_CODES.ok : EXIT_CODES.usage;
  if (error instanceof PipelineProblems) {
    for (const { code, message } of error.problems) process.stderr.write(`${message} [${code}]\n`);
    const count = error.problems.length;
    const isOnline = exitCodeOf(error.code) === EXIT_CODES.model;
    process.stderr.write(
      `\n${count} mistake${count === 1 ? '' : 's'} found; nothing was ${isOnline ? '' : 'sent or '}written.\n`,
    );
    return exitCodeOf(error.code);
  }
  if (error instanceof ScaleQuestError) {
    process.stderr.write(`${error.message} [${error.code}]\n`);
    return exitCodeOf(error.code);
  }
  const ofSystem = asSystemError(error);
  if (ofSystem) return printError(ofSystem);
  process.stderr.write(
    `${(error as Error)?.stack ?? String(error)}\nThis is a bug in scalequest: please report it.\n`,
  );
  return EXIT_CODES.failed;
}

hearOutput(process.stderr, () => {});
hearOutput(process.stdout, (error) => {
  process.stderr.write(`what was to be printed cannot be written (${error.code})\n`);
  process.exitCode = EXIT_CODES.io;
});

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = printError(error);
}

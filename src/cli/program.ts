import { Command, CommanderError } from 'commander';
import { packageVersion } from '../run/systemWorld.js';
import { EXIT_CODES, EXIT_CODE_HELP } from './exitCodes.js';
import { COMMANDS } from './registry.js';

/**
 * Does what the arguments of this process ask for. Where they cannot be understood, Commander has said so, and the exit code is
 * set. Errors of the command itself are thrown.
 */
export async function runProgram(): Promise<void> {
  try {
    await createProgram().parseAsync();
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    process.exitCode = error.exitCode === 0 ? EXIT_CODES.ok : EXIT_CODES.usage;
  }
}

/** The command line with all its commands. */
export function createProgram(): Command {
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
  return program;
}

function exitCodeLines(): string {
  const help = new Map(Object.entries(EXIT_CODE_HELP));
  return Object.entries(EXIT_CODES)
    .map(([name, code]) => `  ${String(code).padStart(3)}  ${help.get(name)}`)
    .join('\n');
}

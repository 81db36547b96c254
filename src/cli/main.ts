#!/usr/bin/env node
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { ScaleQuestError } from '../errors.js';
import { packageVersion } from '../run/systemWorld.js';
import { type Override, PipelineProblems } from '../pipeline/document.js';
import { EXIT_CODES, EXIT_CODE_HELP, exitCodeOf } from './exitCodes.js';
import type { RunFlags } from './run.js';
import type { StoreFlags } from './store.js';
import { asSystemError, hearOutput } from './systemErrors.js';
import type { TrainFlags } from './train.js';

// Each command is loaded when it is asked for: a start takes most of its time to load what it does not need.
const program = new Command('scalequest')
  .description(
    'Reasoning data from scratch: questions, filters, best-of-n answers, Parquet; from one pipeline file.',
  )
  .version(packageVersion())
  .exitOverride()
  .configureHelp({ showGlobalOptions: true })
  .addHelpText('after', `\nExit codes:\n${exitCodeLines()}`);

program
  .command('init')
  .description('Copy a pipeline that comes with scalequest, and the files that it names, into this folder.')
  .argument('[name]', 'quickstart, scalequest-math, …: docs/cli.md lists them', 'quickstart')
  .action(async (name: string) => (await import('./init.js')).initCommand(name, process.cwd()));

pipelineCommand('run', 'Run a pipeline and write its data set, or go on with a run that was interrupted.')
  .option('--out <folder>', 'the run folder; a run that was begun there goes on')
  .option('--fresh', 'start anew, in a folder beside the one that is used')
  .action(async (file: string, { set, ...flags }: RunFlags & { set: Override[] }) =>
    (await import('./run.js')).runCommand(file, set, flags),
  );

pipelineCommand('check', 'Find every mistake in a pipeline file before any request is sent.')
  .option('--online', 'also ask every server of every model one small question')
  .action(async (file: string, { online = false, set }: { online?: boolean; set: Override[] }) =>
    (await import('./check.js')).checkCommand(file, set, online),
  );

pipelineCommand('plan', 'Print each step: its model, what it reads, writes and holds.').action(
  async (file: string, { set }: { set: Override[] }) => (await import('./plan.js')).planCommand(file, set),
);

pipelineCommand('preview', 'Run a few rows and show what every step does to each of them; writes nothing.')
  .option('-n, --rows <count>', 'source rows', wholeNumber, 5)
  .action(async (file: string, { rows, set }: { rows: number; set: Override[] }) =>
    (await import('./preview.js')).previewCommand(file, set, rows),
  );

pipelineCommand('train', 'Launch the trainings of a pipeline on its finished run, each once.')
  .option('--out <folder>', 'the run folder')
  .option('--dry-run', 'print the commands and launch nothing')
  .option('--fresh', 'train again, in a folder beside what is finished')
  .action(async (file: string, { set, ...flags }: TrainFlags & { set: Override[] }) =>
    (await import('./train.js')).trainCommand(file, set, flags),
  );

program
  .command('chain')
  .description('Do the links of a chain file one after the other; what is done already is skipped.')
  .argument('<chain>', 'a chain file (YAML)')
  .option('--dry-run', 'say which links would be done or skipped, and why; do nothing')
  .action(async (file: string, flags: { dryRun?: boolean }) =>
    (await import('./chain.js')).chainCommand(file, flags),
  );

program
  .command('steps')
  .description('List the operators, or show one: columns, options, contract, an example.')
  .argument('[name]', 'an operator')
  .action(async (name?: string) => (await import('./steps.js')).stepsCommand(name));

program
  .command('store')
  .description('Show the store of model replies, with the hit rate of each run; prune or export it.')
  .argument('[folder]', 'the store; runs/.store if absent')
  .option('--prune-run <name>', 'remove the replies that a run paid for')
  .option('--prune-older-than <age>', 'remove replies by age, as 30d, 12h or 90m')
  .option('--prune-damaged', 'remove what cannot be read, so that it is asked again')
  .option('--export <file>', 'write every reply to a Parquet file, before anything is removed')
  .action(async (folder: string | undefined, flags: StoreFlags) =>
    (await import('./store.js')).storeCommand(folder, flags),
  );

function pipelineCommand(name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .argument('<pipeline>', 'a pipeline file (YAML)')
    .option(
      '--set <key=value>',
      'change one value of the file for this call, e.g. limit=100; may be repeated',
      override,
      [],
    );
}

function override(text: string, before: Override[]): Override[] {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('expected key.path=value');
  return [...before, { path: text.slice(0, at).split('.'), value: text.slice(at + 1) }];
}

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('expected a whole number from 1 on');
  return Number(text);
}

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

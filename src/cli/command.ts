import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Override } from '../pipeline/document.js';
import { PROGRESS_MODES, type ProgressMode } from './show/output.js';

/** A command of the command line: one file in src/cli/commands, and one line in src/cli/registry.ts. */
export interface CommandSpec {
  name: string;
  summary: string;
  /** Adds arguments and options. */
  declare(command: Command): Command;
  /**
   * Gets the arguments, then the options. It loads what it needs by `import()`: a start takes most of its time to load what it
   * does not need.
   */
  // Commander does not type what it hands to an action.
  action(...given: any[]): Promise<void>;
}

/** Options of every command on a pipeline file. */
export interface PipelineFlags {
  set: Override[];
}

/** The pipeline file, and `--set`. */
export function declarePipeline(command: Command): Command {
  return command
    .argument('<pipeline>', 'a pipeline file (YAML)')
    .option(
      '--set <key=value>',
      'change one value of the file for this call, e.g. limit=100; may be repeated',
      parseOverride,
      [],
    );
}

/** Options of every command that shows how far it is. */
export interface ProgressFlags {
  progress?: ProgressMode;
}

/** `--progress`. */
export function declareProgress(command: Command): Command {
  return command.addOption(
    new Option(
      '--progress <how>',
      'bars that are drawn over in place, lines, the events as json, or none; bars on a terminal if absent, else lines',
    ).choices(PROGRESS_MODES),
  );
}

export function parseOverride(text: string, before: Override[]): Override[] {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('expected key.path=value');
  return [...before, { path: text.slice(0, at).split('.'), value: text.slice(at + 1) }];
}

export function parseWholeNumber(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('expected a whole number from 1 on');
  return Number(text);
}

export function parseShare(text: string): number {
  const share = Number(text);
  if (text.trim() === '' || !(share >= 0 && share <= 1))
    throw new InvalidArgumentError('expected a share from 0 to 1, as 0.1');
  return share;
}

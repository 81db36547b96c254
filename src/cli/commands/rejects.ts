import { InvalidArgumentError } from 'commander';
import type { CommandSpec } from '../command.js';

export const rejectsCommand: CommandSpec = {
  name: 'rejects',
  summary: 'List why a run lost rows, with examples of what the model wrote.',
  declare: (command) =>
    command
      .argument('<run>', 'a run folder, as runs/quickstart')
      .option('--step <label>', 'only rows that this step lost')
      .option('--reason <reason>', 'only rows that were lost for this reason, as unsolvable or ROW_LENGTH')
      .option('-n, --examples <count>', 'examples of each reason', parseCount, 3)
      .option('--json', 'print JSON, with texts as the run folder holds them'),
  action: showRejects,
};

function parseCount(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError('expected a whole number from 0 on');
  return Number(text);
}

interface RejectsFlags {
  step?: string;
  reason?: string;
  examples: number;
  json?: boolean;
}

/** Prints the reasons, the commonest first. */
async function showRejects(folder: string, { json, ...options }: RejectsFlags): Promise<void> {
  const { listRejects } = await import('../../run/listRejects.js');
  const { printable } = await import('../../text/printable.js');
  const { printRejects } = await import('../show/rejectList.js');
  const found = await listRejects(folder, options);
  // What `printable` writes for a character is what JSON writes too.
  process.stdout.write(json ? `${printable(JSON.stringify(found, null, 2))}\n` : printRejects(found));
}

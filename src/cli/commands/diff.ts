import { InvalidArgumentError } from 'commander';
import type { CommandSpec } from '../command.js';

export const diffCommand: CommandSpec = {
  name: 'diff',
  summary: 'Compare two runs row by row: what a changed step kept, lost and wrote otherwise.',
  declare: (command) =>
    command
      .argument('<a>', 'a run folder, finished or not, as runs/quickstart')
      .argument('<b>', 'the run folder to compare it with, as runs/quickstart-2')
      .option('-n, --examples <count>', 'examples of each change', parseCount, 2)
      .option('--json', 'print JSON, with texts as the run folders hold them'),
  action: showDiff,
};

function parseCount(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError('expected a whole number from 0 on');
  return Number(text);
}

async function showDiff(
  a: string,
  b: string,
  { examples, json = false }: { examples: number; json?: boolean },
): Promise<void> {
  const { diffRuns } = await import('../../run/diff/diffRuns.js');
  const { printRunDiff } = await import('../show/runDiff.js');
  const { stylesOf } = await import('../show/styles.js');
  const { printable } = await import('../../text/printable.js');
  const diff = await diffRuns(a, b, { examples });
  const text = json
    ? `${printable(JSON.stringify(diff, null, 2))}\n`
    : printRunDiff(diff, stylesOf(process.stdout));
  process.stdout.write(text);
}

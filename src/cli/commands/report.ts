import type { CommandSpec } from '../command.js';

export const reportCommand: CommandSpec = {
  name: 'report',
  summary:
    'Write report.html and the pictures of a run folder again: one file to look at, without a network.',
  declare: (command) =>
    command
      .argument('<run>', 'a run folder, finished or not, as runs/quickstart')
      .option('--pipeline <file>', 'the pipeline file of the run; the copy in the run folder if absent')
      .option('--json', 'print what was written as JSON'),
  action: writeReport,
};

async function writeReport(
  folder: string,
  { json = false, pipeline }: { json?: boolean; pipeline?: string },
): Promise<void> {
  const { reportRun } = await import('../../run/report/page/reportRun.js');
  const written = await reportRun(folder, { pipeline });
  const text = json ? JSON.stringify(written, null, 2) : [written.page, ...written.pictures].join('\n');
  process.stdout.write(`${text}\n`);
}

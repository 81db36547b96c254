import type { CommandSpec } from '../command.js';
import { signalOnInterrupt } from '../interrupt.js';
import { parsePort } from '../parseAddress.js';

export const viewCommand: CommandSpec = {
  name: 'view',
  summary: 'Show a run on a page of this machine: its steps, rows, lost rows, and the way of each row.',
  declare: (command) =>
    command
      .argument('<run>', 'a run folder, finished or not, as runs/quickstart')
      .option('--against <run>', 'also compare it with this run folder, as `scalequest diff` does')
      .option('--port <port>', 'the port of the page; any free one if absent', parsePort),
  action: showView,
};

/** Serves the page until Ctrl-C. */
async function showView(
  folder: string,
  { port, against }: { port?: number; against?: string },
): Promise<void> {
  const { openView } = await import('../../view/openView.js');
  const { signal, dispose } = signalOnInterrupt('Closing the page.');
  const view = await openView(folder, { port: port ?? 0, other: against ?? null });
  process.stdout.write(`${view.url}\n`);
  process.stderr.write('Open this address in a browser of this machine. Press Ctrl-C to end.\n');
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve));
  await view.close();
  dispose();
}

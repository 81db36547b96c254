import {
  type CommandSpec,
  type PipelineFlags,
  type ProgressFlags,
  declarePipeline,
  declareProgress,
  parseWholeNumber,
} from '../command.js';
import type { PreviewOptions } from '../../run/plan/previewPipeline.js';
import { signalOnInterrupt } from '../interrupt.js';
import { openOutput } from '../show/terminal.js';

export const previewCommand: CommandSpec = {
  name: 'preview',
  summary: 'Run a few rows and show what every step does to each of them; writes nothing.',
  declare: (command) =>
    declareProgress(declarePipeline(command)).option(
      '-n, --rows <count>',
      'source rows',
      parseWholeNumber,
      5,
    ),
  action: previewFile,
};

async function previewFile(
  file: string,
  { progress, ...flags }: PipelineFlags & ProgressFlags & { rows: number },
): Promise<void> {
  const { previewPipeline } = await import('../../run/plan/previewPipeline.js');
  const { printTraces } = await import('../../run/stream/previewPlan.js');
  const { createProgress } = await import('../show/run/progress.js');
  const { waitText } = await import('../show/run/runView.js');
  const output = await openOutput(progress);
  const isJson = output.mode === 'json';
  const shown = createProgress(output, {}, false);
  const { signal, dispose } = signalOnInterrupt();
  try {
    const onEvent: PreviewOptions['onEvent'] = (event) => {
      if (isJson) return printLine(event);
      if (event.event === 'starting' && output.mode === 'lines')
        output.say(waitText({ kind: 'server', ...event }));
      shown.show(event);
    };
    const { traces, steps } = await previewPipeline(file, { ...flags, signal, onEvent });
    shown.end(false);
    // With `json` the rows are one line more.
    if (isJson) printLine({ event: 'previewed', steps, traces });
    else process.stdout.write(`${printTraces(traces, steps)}\n`);
  } finally {
    shown.end(true);
    dispose();
  }
}

function printLine(event: object): void {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}

import { type CommandSpec, type PipelineFlags, declarePipeline, parseWholeNumber } from '../command.js';
import { signalOnInterrupt } from '../interrupt.js';

export const previewCommand: CommandSpec = {
  name: 'preview',
  summary: 'Run a few rows and show what every step does to each of them; writes nothing.',
  declare: (command) =>
    declarePipeline(command).option('-n, --rows <count>', 'source rows', parseWholeNumber, 5),
  action: previewFile,
};

async function previewFile(file: string, flags: PipelineFlags & { rows: number }): Promise<void> {
  const { previewPipeline } = await import('../../run/previewPipeline.js');
  const { printTraces } = await import('../../run/stream/previewPlan.js');
  const { signal, dispose } = signalOnInterrupt();
  try {
    const { traces, steps } = await previewPipeline(file, { ...flags, signal });
    process.stdout.write(`${printTraces(traces, steps)}\n`);
  } finally {
    dispose();
  }
}

import type { Override } from '../pipeline/document.js';
import { printTraces } from '../run/preview.js';
import { previewPipeline } from '../run/previewPipeline.js';
import { signalOnInterrupt } from './interrupt.js';

export async function previewCommand(
  file: string,
  overrides: readonly Override[],
  rows: number,
): Promise<void> {
  const { signal, dispose } = signalOnInterrupt();
  try {
    const { traces, steps } = await previewPipeline(file, { set: overrides, rows, signal });
    process.stdout.write(`${printTraces(traces, steps)}\n`);
  } finally {
    dispose();
  }
}

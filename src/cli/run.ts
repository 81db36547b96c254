import type { Override } from '../pipeline/document.js';
import { runPipeline } from '../run/runPipeline.js';
import { type SystemWorld, systemWorld } from '../run/systemWorld.js';
import { EXIT_CODES } from './exitCodes.js';
import { signalOnInterrupt } from './interrupt.js';
import { showRun } from './showRun.js';

export interface RunFlags {
  out?: string | undefined;
  fresh?: boolean;
}

/** `world`: a test's files may end the process at any of their calls. */
export async function runCommand(
  file: string,
  overrides: readonly Override[],
  flags: RunFlags,
  world: SystemWorld = systemWorld(),
): Promise<void> {
  const { signal, dispose } = signalOnInterrupt();
  try {
    const { isShort } = await showRun(await runPipeline(file, { set: overrides, ...flags, signal }, world));
    if (isShort) process.exitCode = EXIT_CODES.short;
  } finally {
    dispose();
  }
}

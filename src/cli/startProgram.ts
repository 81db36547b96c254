import { EXIT_CODES } from './exitCodes.js';
import { printError } from './printError.js';
import { hearOutput } from './systemErrors.js';

/** The whole program: does what this process was asked for, prints what went wrong, and sets the exit code. */
export async function startProgram(): Promise<void> {
  hearOutput(process.stderr, () => {});
  hearOutput(process.stdout, (error) => {
    process.stderr.write(`what was to be printed cannot be written (${error.code})\n`);
    process.exitCode = EXIT_CODES.io;
  });
  try {
    // Loading may fail too, where too few files may be open. So as little as possible is loaded outside of this block.
    const { runProgram } = await import('./program.js');
    await runProgram();
  } catch (error) {
    process.exitCode = printError(error);
  }
}

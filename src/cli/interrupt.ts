import { EXIT_CODES } from './exitCodes.js';
import { sayAbove } from './show/terminal.js';

/** Slurm and Kubernetes kill a process and its children if it has not ended 10 seconds or more after SIGTERM. */
const STOP_MS = 8_000;

const STOPPING = 'Stopping: closing models and files.';

/**
 * Says `text`, and aborts, on Ctrl-C, SIGTERM and the end of the terminal (SIGHUP). A second signal ends the process at once. So does
 * a timeout, in case something hangs. Without a terminal SIGHUP does nothing: Node forgets that `nohup` has it ignored.
 */
export function signalOnInterrupt(
  text = STOPPING,
  isTerminal = process.stderr.isTTY === true,
): { signal: AbortSignal; dispose: () => void } {
  const abort = new AbortController();
  const stop = (): void => {
    if (abort.signal.aborted) process.exit(EXIT_CODES.cancelled);
    sayAbove(`\n${text} Press Ctrl-C again to stop at once.`);
    setTimeout(endUnclosed, STOP_MS).unref();
    abort.abort();
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  if (isTerminal) process.on('SIGHUP', stop);
  // For good: what follows a run, as its summary, shall come too.
  else if (!process.listeners('SIGHUP').includes(ignore)) process.on('SIGHUP', ignore);
  return {
    signal: abort.signal,
    dispose() {
      process.off('SIGINT', stop);
      process.off('SIGTERM', stop);
      process.off('SIGHUP', stop);
    },
  };
}

function ignore(): void {}

/** It is safe to leave things open: engines and servers end with their parent, and a dead process's lock is taken over. */
function endUnclosed(): void {
  process.stderr.write(
    `Something could not be closed within ${STOP_MS / 1000} s and is left behind; what was committed is intact.\n`,
  );
  process.exit(EXIT_CODES.cancelled);
}

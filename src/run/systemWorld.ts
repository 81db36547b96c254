import { type Clock, systemClock } from '../clock.js';
import { type Files, nodeFiles } from '../io/files/files.js';
import { type WatchProcess, watchProcess } from './processUse.js';

export { fileError } from '../io/files/files.js';
export { packageVersion } from '../io/files/packageFiles.js';

/** What a run takes from the machine; tests and simulations hand in their own. */
export interface SystemWorld {
  /** The environment: values for `${NAME}` in files, and the keys of servers. */
  env: Readonly<Record<string, string | undefined>>;
  /** The file system of run folders. */
  files: Files;
  /** Time for waits and deadlines. */
  clock: Clock;
  /** The time of day, for logs. */
  now: () => Date;
  /** Milliseconds since any fixed moment. */
  nowMs: () => number;
  /** What the process uses while rows flow. */
  watchProcess: WatchProcess;
}

/** This process and its machine. */
export function systemWorld(): SystemWorld {
  return {
    env: process.env,
    files: nodeFiles,
    clock: systemClock,
    now: () => new Date(),
    nowMs: () => performance.now(),
    watchProcess,
  };
}

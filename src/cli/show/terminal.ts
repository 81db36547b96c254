import type { ProgressDeps } from './progress.js';

/** Progress goes to the error stream. The output stream is for results that other programs read. */
export const TERMINAL: ProgressDeps = {
  write: (text) => void process.stderr.write(text),
  get isTerminal() {
    return process.stderr.isTTY;
  },
  get columns() {
    return process.stderr.columns;
  },
  nowMs: () => performance.now(),
  every(periodMs, tick) {
    const timer = setInterval(tick, periodMs);
    return () => clearInterval(timer);
  },
};

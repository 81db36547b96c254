import type { ProgressDeps } from './progress.js';

/** The error stream: what a command prints for programs goes to the other one. */
export const TERMINAL: ProgressDeps = {
  write: (text) => void process.stderr.write(text),
  get isTerminal() {
    return process.stderr.isTTY;
  },
  nowMs: () => performance.now(),
  every(periodMs, tick) {
    const timer = setInterval(tick, periodMs);
    return () => clearInterval(timer);
  },
};

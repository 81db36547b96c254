import type { Styles } from './styles.js';

/** How progress is shown. */
export type ProgressMode = 'bars' | 'lines' | 'json' | 'none';

export const PROGRESS_MODES: readonly ProgressMode[] = ['bars', 'lines', 'json', 'none'];

/** Where progress goes: the terminal, or the log that takes its place. */
export interface Output {
  mode: ProgressMode;
  /** Of the terminal, as it is now. */
  readonly columns: number;
  readonly rows: number;
  styles: Styles;
  /** Shows these lines in place of those that were drawn before. */
  draw(lines: readonly string[]): void;
  /** Ends the drawn lines: they stay, or are taken away. */
  endDrawing(isKept: boolean): void;
  /** A line for good, above what is drawn; with `json` and `none` there is none. */
  say(line: string): void;
  nowMs: () => number;
  /** Calls `tick` again and again; returns the function that ends it. */
  every: (periodMs: number, tick: () => void) => () => void;
}

/** Says when lines of a log are due: every ten seconds at first, then more seldom, down to once a minute. */
export function linePeriodMs(elapsedS: number): number {
  return Math.min(60, Math.max(10, elapsedS / 20)) * 1000;
}

import type { SkippedLine } from './format.js';

/** The lines of a source that are no rows, for a report. */
export interface SkippedLines {
  /** How many there are. */
  lines: number;
  /** The first hundred of them. */
  first: readonly Pick<SkippedLine, 'file' | 'line' | 'message'>[];
}

const LISTED_MAX = 100;
/** Lines that are told one by one; of the others the report has the number. */
const TOLD_MAX = 1000;

/** Counts the lines that a reader leaves out. What is known of each is little, so that a source may have millions of them. */
export interface SkippedCounter {
  add(skipped: SkippedLine): void;
  /** Those before a position; of a source that was read to its end, all. */
  before(position: number, isEnd: boolean): SkippedLines;
  /** Those that were added since the last call, up to a bound on all calls. */
  takeNew(): SkippedLine[];
}

export function countSkipped(): SkippedCounter {
  const positions: number[] = [];
  const listed: SkippedLine[] = [];
  let waiting: SkippedLine[] = [];
  return {
    add(skipped) {
      positions.push(skipped.position);
      if (listed.length < LISTED_MAX) listed.push(skipped);
      if (positions.length <= TOLD_MAX) waiting.push(skipped);
    },
    before(position, isEnd) {
      const counts = (each: number): boolean => isEnd || each < position;
      return {
        lines: positions.filter(counts).length,
        first: listed
          .filter((each) => counts(each.position))
          .map(({ file, line, message }) => ({ file, line, message })),
      };
    },
    takeNew() {
      const taken = waiting;
      waiting = [];
      return taken;
    },
  };
}

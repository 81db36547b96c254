import type { Output, ProgressMode } from '../../../src/cli/show/output.js';
import { stylesOf } from '../../../src/cli/show/styles.js';

/** An output that keeps what it is given. Its time is `timeMs`; `tick` is what it does again and again. */
export interface KeptOutput extends Omit<Output, 'columns'> {
  columns: number;
  timeMs: number;
  drawn: (readonly string[])[];
  said: string[];
  /** Whether what was drawn stayed, each time that it ended. */
  ended: boolean[];
  /** How often the ticks were ended. */
  stopped: number;
  tick(): void;
}

export function createOutput(mode: ProgressMode): KeptOutput {
  const output: KeptOutput = {
    ...{ mode, columns: 80, rows: 24, styles: stylesOf({ isTTY: false }), timeMs: 0, stopped: 0 },
    ...{ drawn: [], said: [], ended: [], tick() {} },
    draw: (lines) => void output.drawn.push(lines),
    endDrawing: (isKept) => void output.ended.push(isKept),
    say: (line) => void output.said.push(line),
    nowMs: () => output.timeMs,
    every(_, tick) {
      output.tick = tick;
      return () => void (output.stopped += 1);
    },
  };
  return output;
}

import type { PaidModel } from '../../../run/cost.js';
import { costOf } from '../../../run/cost.js';
import type { RunEvent } from '../../../run/events.js';
import { type RunState, newRunState, nextRunState } from '../../../run/monitor/runState.js';
import { type Output, linePeriodMs } from '../output.js';
import { runLine, runLines } from './runView.js';

/** Shows how a run stands, from its events: drawn over in place on a terminal, a line now and then elsewhere. */
export interface Progress {
  show(event: RunEvent): void;
  /** Nothing is shown any more; what is drawn stays, or is taken away. */
  end(isKept: boolean): void;
}

const REDRAW_PERIOD_MS = 250;
const LOOK_PERIOD_MS = 1_000;

/** `paid`: how the models of the run are paid for. `hasEnds`: whether a log says that rows begin to flow, and how it ended. */
export function createProgress(
  output: Output,
  paid: Readonly<Record<string, PaidModel>>,
  hasEnds = true,
): Progress {
  const { mode, nowMs } = output;
  let state = newRunState();
  let drawn: RunState | null = null;
  let drawnSize = '';
  let stopTicks = (): void => {};
  let lineDueMs = nowMs() + linePeriodMs(0);
  let isEnded = false;

  const cost = () => {
    const isPaid = Object.values(paid).some(({ price }) => price !== undefined);
    return isPaid ? costOf(paid, state.total.models) : undefined;
  };

  function draw(): void {
    const { columns, rows, styles } = output;
    // A terminal that has another size is drawn anew, also while nothing happens.
    const size = `${columns} ${rows}`;
    if (state === drawn && size === drawnSize) return;
    output.draw(runLines(state, { columns, rows, styles, cost: cost() }));
    drawn = state;
    drawnSize = size;
  }

  function printLine(): void {
    if (state.phase !== 'flowing') return;
    output.say(runLine(state, { cost: cost() }));
    lineDueMs = nowMs() + linePeriodMs(state.elapsedS);
  }

  if (mode === 'bars') {
    draw();
    stopTicks = output.every(REDRAW_PERIOD_MS, draw);
  }
  if (mode === 'lines') stopTicks = output.every(LOOK_PERIOD_MS, () => nowMs() >= lineDueMs && printLine());

  return {
    show(event) {
      state = nextRunState(state, event);
      if (isEnded) return;
      // Models are open: a log says so at once.
      if (event.event === 'flowing' && mode === 'lines' && hasEnds) printLine();
    },
    end(isKept) {
      if (isEnded) return;
      isEnded = true;
      stopTicks();
      if (mode === 'lines' && hasEnds) printLine();
      if (mode !== 'bars') return;
      if (isKept) draw();
      output.endDrawing(isKept);
    },
  };
}

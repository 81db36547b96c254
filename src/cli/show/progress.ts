import { printable } from '../../text/printable.js';
import type { PipelineRun } from '../../run/runPipeline.js';
import type { CountedEvent } from '../../run/events.js';

/** Live counts of a run, a line a step, rows past its end included. A terminal is redrawn; a log gets them now and then. */
export interface Progress {
  counts(step: string, counts: CountedEvent['counts']): void;
  delivered(kept: number): void;
  /** `keptBefore`: rows that earlier starts of the run delivered. */
  start(keptBefore?: number): void;
  stop(): void;
}

export interface ProgressDeps {
  write: (text: string) => void;
  isTerminal: boolean;
  /** Of the terminal; undefined or 0 where it does not say. */
  columns?: number | undefined;
  nowMs: () => number;
  /** Calls `tick` again and again; returns the function that ends it. */
  every: (periodMs: number, tick: () => void) => () => void;
}

const REDRAW_PERIOD_MS = 250;
const PRINT_PERIOD_MS = 10_000;

export function createProgress(
  steps: readonly string[],
  target: number | undefined,
  stats: PipelineRun['stats'],
  deps: ProgressDeps,
): Progress {
  const countsOf = new Map(steps.map((step) => [step, { rowsIn: 0, kept: 0, dropped: 0, rejected: 0 }]));
  const startedMs = deps.nowMs();
  let drawnLines = 0;
  let written = 0;
  let isRunning = false;
  let stopTicks = (): void => {};

  function draw(): void {
    const seconds = Math.max(0.001, (deps.nowMs() - startedMs) / 1000);
    const lines = [
      stepLine('step', 'rows in', 'kept', 'dropped', 'rejected', 'rows/s'),
      ...[...countsOf].map(([step, { rowsIn, kept, dropped, rejected }]) =>
        stepLine(step, rowsIn, kept, dropped, rejected, ((kept + dropped + rejected) / seconds).toFixed(1)),
      ),
      summaryLine(seconds),
      ...troubleLines(stats()),
    ];
    const up = deps.isTerminal && drawnLines > 0 ? `\x1b[${drawnLines}A\x1b[0J` : '';
    const drawn = lines.map((line) => fitted(line, deps)).join('\n');
    deps.write(`${up}${drawn}\n${deps.isTerminal ? '' : '\n'}`);
    drawnLines = lines.length;
  }

  function summaryLine(seconds: number): string {
    const asked = Object.entries(stats()).map(([name, { inFlight, completionTokens }]) => {
      return `${name} ${inFlight} in flight, ${(completionTokens / seconds).toFixed(0)} tok/s`;
    });
    const goal = target === undefined ? '' : ` of ${target}`;
    return [`${seconds.toFixed(0)} s`, `${written}${goal} rows kept`, ...asked].join(' · ');
  }

  return {
    counts(step, { rowsIn, kept, dropped, rejected }) {
      const total = countsOf.get(step);
      if (!total) return;
      total.rowsIn += rowsIn;
      total.kept += kept;
      total.dropped += dropped;
      total.rejected += rejected;
    },
    delivered(kept) {
      written = kept;
    },
    start(keptBefore = 0) {
      written = keptBefore;
      isRunning = true;
      draw();
      stopTicks = deps.every(deps.isTerminal ? REDRAW_PERIOD_MS : PRINT_PERIOD_MS, draw);
    },
    stop() {
      if (!isRunning) return;
      isRunning = false;
      stopTicks();
      draw();
    },
  };
}

/** A line that is redrawn must not be wrapped: it would be more lines than are gone back. */
export function fitted(
  line: string,
  { isTerminal, columns }: Pick<ProgressDeps, 'isTerminal' | 'columns'>,
): string {
  return isTerminal && columns ? line.slice(0, columns) : line;
}

/** Without these lines an unreachable server looks like a slow one. */
function troubleLines(stats: ReturnType<PipelineRun['stats']>): string[] {
  return Object.values(stats).flatMap(({ trouble }) => {
    return trouble === undefined ? [] : [`waiting: ${printable(trouble)}`];
  });
}

function stepLine(step: string, ...numbers: (string | number)[]): string {
  return step.padEnd(18) + numbers.map((value) => String(value).padStart(10)).join('');
}

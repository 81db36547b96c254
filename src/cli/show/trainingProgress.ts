import { relative } from 'node:path';
import { printCommand } from '../../train/command.js';
import type { Metrics } from '../../train/metrics.js';
import { type ProgressDeps, fitted } from './progress.js';

/** One line on a trainer at work, from what it reports: redrawn in place on a terminal, printed now and then elsewhere. */
export interface TrainingProgress {
  start(label: string, command: readonly string[], logPath: string): void;
  metrics(metrics: Metrics): void;
  stop(): void;
}

const REDRAW_PERIOD_MS = 250;
const PRINT_PERIOD_MS = 10_000;

/** What most trainers report, in the order of the line; others are in metrics.jsonl. */
const SHOWN = ['epoch', 'loss', 'learning_rate', 'rewards/margins', 'rewards/accuracies', 'eval_loss'];

/** `what`: how the terminal calls it, before its label. */
export function createTrainingProgress(deps: ProgressDeps, what = 'training'): TrainingProgress {
  const { write, isTerminal, nowMs, every } = deps;
  let label = '';
  let startedMs = 0;
  let lossFirst: number | null = null;
  let latest: Metrics = {};
  let drawn = '';
  let isRunning = false;
  let stopTicks = (): void => {};

  function draw(): void {
    const seconds = ((nowMs() - startedMs) / 1000).toFixed(0);
    const shown = SHOWN.flatMap((name) =>
      latest[name] === undefined ? [] : [`${name} ${short(latest[name])}`],
    );
    const since = lossFirst === null ? [] : [`first loss ${short(lossFirst)}`];
    const said =
      shown.length > 0 ? [...shown, ...since] : [what === 'training' ? 'no loss reported yet' : 'at work'];
    const news = said.join(' · ');
    // In a log, a line that says nothing new is noise.
    if (!isTerminal && news === drawn) return;
    const up = isTerminal && drawn !== '' ? '\x1b[1A\x1b[0J' : '';
    write(`${up}${fitted(`${what} ${label} · ${seconds} s · ${news}`, deps)}\n`);
    drawn = news;
  }

  return {
    start(started, command, logPath) {
      label = started;
      startedMs = nowMs();
      isRunning = true;
      write(`\n${what} ${label}: ${printCommand(command)}\nlog: ${relative('', logPath)}\n`);
      draw();
      stopTicks = every(isTerminal ? REDRAW_PERIOD_MS : PRINT_PERIOD_MS, draw);
    },
    metrics(metrics) {
      lossFirst ??= metrics['loss'] ?? null;
      latest = { ...latest, ...metrics };
    },
    stop() {
      if (!isRunning) return;
      isRunning = false;
      stopTicks();
      draw();
    },
  };
}

function short(value: number): number {
  return Number(value.toPrecision(4));
}

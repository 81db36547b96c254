import { relative } from 'node:path';
import { printCommand } from '../../train/command.js';
import type { Metrics } from '../../train/metrics.js';
import { cutTo } from './fit.js';
import type { Output } from './output.js';
import { durationText } from './quantities.js';

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
export function createTrainingProgress(output: Output, what = 'training'): TrainingProgress {
  const { mode, nowMs, every } = output;
  let label = '';
  let startedMs = 0;
  let lossFirst: number | null = null;
  let latest: Metrics = {};
  let told = '';
  let isRunning = false;
  let stopTicks = (): void => {};

  function show(): void {
    const news = newsOf(latest, lossFirst, what);
    const line = `${what} ${label} · ${durationText((nowMs() - startedMs) / 1000)} · ${news}`;
    if (mode === 'bars') return output.draw([cutTo(line, output.columns - 1)]);
    // In a log, a line that says nothing new is noise.
    if (news !== told) output.say(line);
    told = news;
  }

  return {
    start(started, command, logPath) {
      label = started;
      startedMs = nowMs();
      isRunning = true;
      output.say(`\n${what} ${label}: ${printCommand(command)}\nlog: ${relative('', logPath)}`);
      show();
      stopTicks = every(mode === 'bars' ? REDRAW_PERIOD_MS : PRINT_PERIOD_MS, show);
    },
    metrics(metrics) {
      lossFirst ??= metrics['loss'] ?? null;
      latest = { ...latest, ...metrics };
    },
    stop() {
      if (!isRunning) return;
      isRunning = false;
      stopTicks();
      show();
      output.endDrawing(true);
    },
  };
}

function newsOf(latest: Metrics, lossFirst: number | null, what: string): string {
  const shown = SHOWN.flatMap((name) =>
    latest[name] === undefined ? [] : [`${name} ${short(latest[name])}`],
  );
  const since = lossFirst === null ? [] : [`first loss ${short(lossFirst)}`];
  if (shown.length > 0) return [...shown, ...since].join(' · ');
  return what === 'training' ? 'no loss reported yet' : 'at work';
}

function short(value: number): number {
  return Number(value.toPrecision(4));
}

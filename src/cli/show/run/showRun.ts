import { relative } from 'node:path';
import { printable } from '../../../text/printable.js';
import { leftOutText } from '../../../pipeline/printPlan.js';
import { type ErrorCode, ScaleQuestError } from '../../../errors.js';
import { paidModels } from '../../../run/cost.js';
import type { RunEvent } from '../../../run/events.js';
import { waitText } from './runView.js';
import type { PipelineRun, RunOutcome } from '../../../run/runPipeline.js';
import { eventPrinter } from './eventLine.js';
import type { Output } from '../output.js';
import { createProgress } from './progress.js';
import { showTraining } from '../showTraining.js';
import { printSummary } from './summary.js';

/**
 * Shows a run from its events, to its end; gives what it has come to. With `json` the events themselves go to the output stream, and
 * `about` stands before what each tells.
 */
export async function showRun(
  run: PipelineRun,
  output: Output,
  about: Readonly<Record<string, string>> = {},
): Promise<RunOutcome> {
  const { plan, folder, events } = run;
  const isJson = output.mode === 'json';
  const progress = createProgress(output, paidModels(plan));
  const training = showTraining(output);
  const print = eventPrinter(plan.filled, about);
  let committed: Committed | null = null;
  events.subscribe((event) => {
    committed = committedAfter(event, committed);
    if (isJson) return print(event);
    for (const line of noticeLines(event, folder, output)) output.say(line);
    if (event.event === 'reported') {
      progress.end(false);
      printSummary(plan, event, folder);
    }
    progress.show(event);
    training.show(event);
  });
  try {
    const outcome = await run.result;
    if (outcome.isShort && plan.settings.train.length > 0 && !isJson)
      process.stdout.write(
        'Nothing was trained: the target was not reached. `scalequest train` does it all the same.\n',
      );
    return outcome;
  } catch (error) {
    progress.end(true);
    if (committed) process.stderr.write(committedText(folder, committed, error));
    throw error;
  } finally {
    progress.end(true);
    training.stop();
  }
}

/** What is said for good of an event. */
function noticeLines(event: RunEvent, folder: string, { mode }: Output): string[] {
  switch (event.event) {
    case 'starting':
      // A terminal shows it in its place.
      return mode === 'lines' ? [waitText({ kind: 'server', ...event })] : [];
    case 'served':
      return [`The server of ${event.model} answers after ${event.startedS} s.`];
    case 'flowing':
      if (event.from === 0) return [];
      return [`Going on in ${relative('', folder)}: ${event.kept} rows kept of ${event.from}.`];
    case 'pageFailed':
      return [pageFailedText(event.message)];
    case 'leftOut':
      return [leftOutText(event.files)];
    default: {
      const workers = workersText(event);
      return workers === null ? [] : [workers];
    }
  }
}

function pageFailedText(message: string): string {
  const again = 'The rows are all there; `scalequest report` writes it again.';
  return `warning: report.html could not be written (${printable(message)}). ${again}`;
}

function workersText(event: RunEvent): string | null {
  if (event.event === 'listening') return `Listening for workers at ${event.url}.`;
  if (event.event === 'workerJoined')
    return `The worker ${event.worker} has come; there are ${event.workers}.`;
  if (event.event !== 'workerLeft') return null;
  const { worker, workers, units, reason } = event;
  return `The worker ${worker} has gone: ${reason}. There are ${workers}; its ${units} batches go to others.`;
}

interface Committed {
  /** The first source position that no commit covers. */
  next: number;
  kept: number;
}

/** What an unfinished run has for certain; null before rows flow, and once its report stands. */
function committedAfter(event: RunEvent, before: Committed | null): Committed | null {
  if (event.event === 'flowing') return { next: event.from, kept: event.kept };
  if (event.event === 'committed') return { next: event.next, kept: event.kept };
  return event.event === 'reported' ? null : before;
}

/** What an unfinished run has for certain, and how to go on. */
function committedText(folder: string, { next, kept }: Committed, error: unknown): string {
  const code = error instanceof ScaleQuestError ? error.code : 'ERR_INVARIANT';
  const advice = STAYS.includes(code) ? '' : ' The same command goes on from there.';
  return `Committed in ${relative('', folder)}: ${kept} rows kept of ${next}.${advice}\n`;
}

/** Errors that would only come again. */
const STAYS: readonly ErrorCode[] = [
  'ERR_INVARIANT',
  'ERR_MEMORY',
  'ERR_TARGET_UNREACHABLE',
  'ERR_BUDGET',
  'ERR_DATA_INVALID',
];

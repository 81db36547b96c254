import { relative } from 'node:path';
import { printable } from '../../text/printable.js';
import { leftOutText } from '../../pipeline/printPlan.js';
import { type ErrorCode, ScaleQuestError } from '../../errors.js';
import type { RunEvent, StartingEvent } from '../../run/events.js';
import type { PipelineRun, RunOutcome } from '../../run/runPipeline.js';
import { type Progress, createProgress } from './progress.js';
import { showTraining } from './showTraining.js';
import { printSummary } from './summary.js';
import { TERMINAL } from './terminal.js';

/** Shows a run on the terminal from its events, to its end; gives what it has come to. */
export async function showRun(run: PipelineRun): Promise<RunOutcome> {
  const { plan, folder, events } = run;
  const progress = progressOf(run);
  let committed: Committed | null = null;
  const training = showTraining();
  events.subscribe((event) => {
    committed = committedAfter(event, committed);
    showProgress(event, folder, progress);
    if (event.event === 'reported') {
      progress.stop();
      printSummary(plan, event, folder);
    }
    training.show(event);
  });
  try {
    const outcome = await run.result;
    if (outcome.isShort && plan.settings.train.length > 0)
      process.stdout.write(
        'Nothing was trained: the target was not reached. `scalequest train` does it all the same.\n',
      );
    return outcome;
  } catch (error) {
    progress.stop();
    if (committed) process.stderr.write(committedText(folder, committed, error));
    throw error;
  } finally {
    progress.stop();
    training.stop();
  }
}

function showProgress(event: RunEvent, folder: string, progress: Progress): void {
  if (event.event === 'starting') process.stderr.write(`${startingText(event)}\n`);
  if (event.event === 'served')
    process.stderr.write(`The server of ${event.model} answers after ${event.startedS} s.\n`);
  if (event.event === 'flowing') {
    const { from, kept } = event;
    if (from > 0)
      process.stderr.write(`Going on in ${relative('', folder)}: ${kept} rows kept of ${from}.\n`);
    progress.start(kept);
  }
  const workers = workersText(event);
  if (workers) process.stderr.write(`${workers}\n`);
  if (event.event === 'leftOut') process.stderr.write(`${leftOutText(event.files)}\n`);
  if (event.event === 'pageFailed') process.stderr.write(`${pageFailedText(event.message)}\n`);
  if (event.event === 'counted') progress.counts(event.step, event.counts);
  if (event.event === 'delivered') progress.delivered(event.kept);
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

function startingText({ model, waitedS, line }: StartingEvent): string {
  const says = line === '' ? 'it has written nothing yet' : line;
  return `Waiting for the server of ${model}, ${Math.round(waitedS)} s: ${says}`;
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

function progressOf({ plan, stats }: PipelineRun): Progress {
  const steps = plan.steps.map(({ label }) => label);
  return createProgress(steps, plan.settings.target, stats, TERMINAL);
}

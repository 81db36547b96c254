import type { RunEvent, TrainingKind } from '../../run/events.js';
import type { TrainingResult } from '../../train/train.js';
import type { Output } from './output.js';
import { type TrainingProgress, createTrainingProgress } from './trainingProgress.js';

/** How the terminal names a training and what it makes. */
const NAMES: Record<TrainingKind, { what: string; gives: string }> = {
  training: { what: 'training', gives: 'model' },
  command: { what: 'link', gives: 'output' },
};

/** Shows trainings, and commands of a chain, from their events. `stop`: none of them runs any more. */
export function showTraining(output: Output): { show(event: RunEvent): void; stop(): void } {
  let progress: TrainingProgress | null = null;

  function stop(): void {
    progress?.stop();
    progress = null;
  }

  return {
    show(event) {
      if (event.event === 'trainingRepeated') {
        const { what } = NAMES[event.kind];
        output.say(`${what} ${event.label}: finished before, but ${event.reason}; once more.`);
      }
      if (event.event === 'trainingLaunched') {
        progress = createTrainingProgress(output, NAMES[event.kind].what);
        progress.start(event.label, event.command, event.logPath);
      }
      if (event.event === 'trainingMeasured') progress?.metrics(event.metrics);
      if (event.event === 'trainingEnded') {
        stop();
        process.stdout.write(`${resultLine(event.kind, event.label, event.result)}\n`);
      }
    },
    stop,
  };
}

function resultLine(kind: TrainingKind, label: string, result: TrainingResult): string {
  const { what, gives } = NAMES[kind];
  const name = `${what} ${label}`;
  if (result.state === 'notDue') return `${name}: not launched; ${result.reasons.join('; ')}`;
  const { output, wallS, lossFirst, lossLast, endedAt } = result.record;
  if (result.state === 'finishedBefore')
    return `${name}: finished already (${endedAt}), not launched again; ${gives} in ${output}`;
  const loss = lossFirst === null ? '' : `, loss ${lossFirst} at first, ${lossLast} at last`;
  return `${name}: finished in ${(wallS ?? 0).toFixed(1)} s${loss}; ${gives} in ${output}`;
}

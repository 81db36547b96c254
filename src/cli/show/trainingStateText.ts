import type { Plan } from '../../pipeline/plan.js';
import type { TrainingState } from '../../run/trainPipeline.js';
import { printCommand } from '../../train/command.js';
import { filledRemover } from '../../train/environment.js';
import { labelOf } from '../../train/schema.js';

/** What a dry run prints of a training. A shell can run it: everything but the command is a comment. */
export function trainingStateText({ filled }: Plan, state: TrainingState): string {
  const clean = filledRemover(filled);
  const head = `# ${labelOf(state.training)}`;
  if ('error' in state) {
    const { error, command } = state;
    const later = command === null ? '' : `# After it:\n${printCommand(command.map(clean))}\n`;
    // Every line of the message must be a comment.
    const why = clean(error.message).replaceAll('\n', '\n# ');
    return `${head}: would not be launched: ${why} [${error.code}]\n${later}`;
  }
  const { prepared } = state;
  if (prepared.state === 'notDue') return `${head}: not launched; ${prepared.reasons.join('; ')}\n`;
  if (prepared.state === 'finishedBefore') return `${head}: finished already; --fresh trains again\n`;
  const again = prepared.again === null ? '' : `: finished before, but ${prepared.again}`;
  return `${head}${again}\n${printCommand(prepared.command.map(clean))}\n`;
}

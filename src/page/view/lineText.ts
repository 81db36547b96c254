import { formatNumber } from '../charts/format.js';
import type { LogLine } from './messages.js';

/** A line of the log in words. */
export function lineText({ event }: Pick<LogLine, 'event'>): string {
  const { event: name, ...more } = event;
  const number = (key: string): string => formatNumber(Number(event[key]));
  switch (name) {
    case 'started':
      return `Started, seed ${String(event['seed'])}.`;
    case 'resumed':
      return `Goes on at position ${number('from')}, with ${number('kept')} rows kept.`;
    case 'flowing':
      return 'Rows flow.';
    case 'committed':
      return `Committed: ${number('kept')} rows kept of ${number('next')}.`;
    case 'paused':
      return event['isPaused'] === true ? 'Paused: rows in flight are finished.' : 'Goes on.';
    case 'served':
      return `The server of ${String(event['model'])} answers after ${number('startedS')} s.`;
    case 'finished':
      return `Finished: ${number('rowsKept')} rows kept of ${number('rowsIn')}, in ${number('wallS')} s.`;
    case 'failed':
      return event['code'] === 'ERR_CANCELLED'
        ? 'Stopped.'
        : `Failed: ${String(event['message'])} [${String(event['code'])}]`;
    case 'trainingLaunched':
      return `${String(event['label'])} was launched.`;
    case 'trainingRepeated':
      return `${String(event['label'])} is launched again: ${String(event['reason'])}.`;
    case 'trainingEnded':
      return `${String(event['label'])} has ended.`;
    case 'noted':
      return `${String(event['model'])}: ${String(event['note'])} (${number('count')} times)`;
    default:
      return `${String(name)} ${JSON.stringify(more)}`;
  }
}

import { Observable } from 'rxjs';
import { ScaleQuestError } from '../errors.js';
import type { BatchOperator } from './batch.js';

/** Ends the stream when the signal fires, with its reason if that is ours, else with ERR_CANCELLED; everything upstream is unsubscribed. */
export function untilAborted(signal: AbortSignal | undefined): BatchOperator {
  return (source) =>
    new Observable((subscriber) => {
      const abort = (): void => {
        const reason: unknown = signal?.reason;
        const cancelled = 'the run was cancelled; what was committed is intact';
        subscriber.error(
          reason instanceof ScaleQuestError ? reason : new ScaleQuestError('ERR_CANCELLED', cancelled),
        );
      };
      if (signal?.aborted) return abort();
      signal?.addEventListener('abort', abort);
      subscriber.add(() => signal?.removeEventListener('abort', abort));
      return source.subscribe(subscriber);
    });
}

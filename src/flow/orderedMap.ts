import { Observable } from 'rxjs';
import { type Batch, type BatchOperator, assertTiles } from './batch.js';

/** Starts on a batch. Once `isStopped` gives true nobody waits for the result, and models may be closed. */
type Work = (batch: Batch, isStopped: () => boolean) => Promise<Batch> | Batch;

/**
 * Starts `work` for every batch as it arrives and emits the results in the order of arrival.
 * Holds as many batches as the gate lets through; the work's own concurrency is bounded by the model's pool.
 * The first error, of whichever batch, ends the stream at once.
 */
export function orderedMap(where: string, work: Work): BatchOperator {
  return (source) =>
    new Observable<Batch>((subscriber) => {
      const held: Slot[] = [];
      let expectedLo: number | null = null;
      let sourceDone = false;
      let emitting = false;
      const isStopped = (): boolean => subscriber.closed;

      function emitFinished(): void {
        // An emission may come back here through a synchronous consumer: the outer loop takes those too.
        if (emitting) return;
        emitting = true;
        while (held.length > 0 && held[0]!.result !== null && !subscriber.closed) {
          subscriber.next(held.shift()!.result!);
        }
        emitting = false;
        if (sourceDone && held.length === 0) subscriber.complete();
      }

      function start(slot: Slot, batch: Batch): void {
        try {
          const result = work(batch, isStopped);
          if (!(result instanceof Promise)) return finish(slot, result);
          result.then(
            (finished) => finish(slot, finished),
            (error: unknown) => subscriber.error(error),
          );
        } catch (error) {
          subscriber.error(error);
        }
      }

      function finish(slot: Slot, result: Batch): void {
        slot.result = result;
        emitFinished();
      }

      return source.subscribe({
        next(batch) {
          try {
            assertTiles(expectedLo ?? batch.lo, batch, where);
          } catch (error) {
            return subscriber.error(error);
          }
          expectedLo = batch.hi;
          const slot: Slot = { result: null };
          held.push(slot);
          start(slot, batch);
        },
        error: (error: unknown) => subscriber.error(error),
        complete() {
          sourceDone = true;
          emitFinished();
        },
      });
    });
}

interface Slot {
  result: Batch | null;
}

import { Observable } from 'rxjs';
import { type Batch, assertTiles } from './batch.js';

/** Starts on a batch. Once `isStopped` gives true nobody waits for the result, and models may be closed. */
type Work<Result> = (batch: Batch, isStopped: () => boolean) => Promise<Result> | Result;

/**
 * Starts `work` for every batch as it arrives and emits the results in the order of arrival.
 * Holds as many batches as the gate lets through; the work's own concurrency is bounded by the model's pool.
 * The first error, of whichever batch, ends the stream at once.
 */
export function orderedMap<Result extends object = Batch>(
  where: string,
  work: Work<Result>,
): (source: Observable<Batch>) => Observable<Result> {
  return (source) =>
    new Observable<Result>((subscriber) => {
      const held: Slot<Result>[] = [];
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

      function start(slot: Slot<Result>, batch: Batch): void {
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

      function finish(slot: Slot<Result>, result: Result): void {
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
          const slot: Slot<Result> = { result: null };
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

interface Slot<Result> {
  result: Result | null;
}

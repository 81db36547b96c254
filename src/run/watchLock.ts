import type { Clock } from '../clock.js';
import type { ScaleQuestError } from '../errors.js';
import type { RunLock } from '../io/runFolder/runLock.js';

/** A run that was taken over asks its servers for at most so long, and then ends. */
const LOOK_MS = 2_000;

/** Looks now and then whether the lock of a run is still its own. */
export interface LockWatch {
  /** Fires with the signal of the run, and when the lock is another's. */
  signal: AbortSignal;
  end(): Promise<void>;
}

export function watchLock(
  { assertHeld }: Pick<RunLock, 'assertHeld'>,
  clock: Clock,
  signal: AbortSignal,
): LockWatch {
  const lost = new AbortController();
  const ended = new AbortController();

  async function look(): Promise<void> {
    while (!lost.signal.aborted) {
      await clock.sleep(LOOK_MS, ended.signal).catch(() => undefined);
      if (ended.signal.aborted) return;
      await assertHeld().catch(note);
    }
  }

  /** Another error is one of reading, which may pass: each publishing checks again. */
  function note(error: unknown): void {
    if ((error as ScaleQuestError).code === 'ERR_RUN_TAKEN_OVER') lost.abort();
  }

  const looking = look();
  return {
    signal: AbortSignal.any([signal, lost.signal]),
    async end() {
      ended.abort();
      await looking;
    },
  };
}

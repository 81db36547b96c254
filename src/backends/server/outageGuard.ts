import { RowError, ScaleQuestError } from '../../errors.js';
import type { Clock } from '../../clock.js';
import { OUTAGE_BACKOFF } from '../limits.js';
import type { Control } from './refusalGuard.js';

/**
 * Tells a call at which a server fails (a text that kills its worker) from a server that fails at every call: its engine is dead behind
 * a gateway that answers 502, it has no memory left, something cuts its replies. The first rejects a row; the second would reject all
 * rows to come, though nothing is wrong with them.
 *
 * A call whose tries are used up is its row's own affair if another call of its kind was answered meanwhile. If none was, a control
 * request decides, the same request with a harmless question: it is asked until it is answered, or until the server has failed for
 * too long, which ends the run.
 */
export interface OutageGuard {
  /** A call of a kind was answered, if only with a refusal. */
  answered(kind: string): void;
  /**
   * Asked when the tries of a call are used up; `sinceMs`: when its last try but one failed. True: the server fails at this call alone.
   * False: it failed at all calls and is well again. Rejects with ERR_MODEL_UNREACHABLE where it goes on failing.
   */
  failsAlone(kind: string, sinceMs: number, control: () => Control): Promise<boolean>;
}

export interface OutageGuardDeps {
  clock: Clock;
  /** Ends all waits. */
  signal: AbortSignal;
  /** How long a server may do nothing but fail, once it has answered and before. */
  patience: { unreachableMs: number; unreachableFirstMs: number };
  /** Sends a control request as any other; rejects as a call does. */
  ask(control: Control): Promise<unknown>;
}

/** What rejects a row when its tries are used up, and nothing else does. */
const FAILED: readonly string[] = ['ROW_SERVER_ERROR', 'ROW_REPLY_INVALID', 'ROW_TIMEOUT'];

/** Whether an error is the server's failure, not its answer. */
export function isFailure(error: unknown): error is RowError {
  return error instanceof RowError && FAILED.includes(error.code);
}

export function createOutageGuard({ clock, signal, patience, ask }: OutageGuardDeps): OutageGuard {
  const answeredMs = new Map<string, number>();
  const probes = new Map<string, Promise<boolean>>();

  /** Whether the server answers the first control request; false where it answers a later one. */
  async function probe(kind: string, control: Control): Promise<boolean> {
    const startedMs = clock.nowMs();
    for (let failures = 0; ; failures++) {
      const error: Error | null = await ask(control).then(
        () => null,
        (reason: Error) => reason,
      );
      const isAnswered = error === null || (error instanceof RowError && !isFailure(error));
      // Any other answer says as much as one to the control request.
      if (isAnswered || (answeredMs.get(kind) ?? -Infinity) > startedMs) return failures === 0;
      if (!isFailure(error)) throw error;
      const failedMs = clock.nowMs() - startedMs;
      const failsMsMax = patienceFor(error, kind);
      if (failedMs >= failsMsMax) throw outage(error, failedMs);
      const waitMs = Math.min(OUTAGE_BACKOFF.maxMs, OUTAGE_BACKOFF.firstMs * 2 ** failures);
      await clock.sleep(Math.min(waitMs, failsMsMax - failedMs), signal);
    }
  }

  /** A server that begins may answer 502 for a while. One whose first replies are broken or never come will not mend by itself. */
  function patienceFor({ code }: RowError, kind: string): number {
    if (answeredMs.has(kind)) return patience.unreachableMs;
    return code === 'ROW_SERVER_ERROR' ? patience.unreachableFirstMs : 0;
  }

  return {
    answered: (kind) => void answeredMs.set(kind, clock.nowMs()),
    failsAlone(kind, sinceMs, control) {
      if ((answeredMs.get(kind) ?? -Infinity) > sinceMs) return Promise.resolve(true);
      const known = probes.get(kind);
      if (known) return known;
      const own = probe(kind, control()).finally(() => probes.delete(kind));
      probes.set(kind, own);
      return own;
    },
  };
}

function outage({ message }: RowError, failedMs: number): ScaleQuestError {
  const time = failedMs < 1000 ? '' : `, for ${Math.round(failedMs / 1000)} s`;
  return new ScaleQuestError(
    'ERR_MODEL_UNREACHABLE',
    `${message}; all requests of this kind fail, also a harmless one${time}. Mend the server, then run again; nothing was lost`,
  );
}

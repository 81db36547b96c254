import { createHash } from 'node:crypto';
import type { StateDelta } from '../rowEvents.js';
import type { StepShape } from './outcome.js';

/** A hash of all deltas so far: equal in every run whose step has the same state, however its rows were batched. */
export function createStateHash(onState: StepShape['onState']) {
  const running = createHash('sha256');
  let current = '';

  function add(value: unknown): void {
    running.update(`${JSON.stringify(value)}\n`);
  }

  function digest(): string {
    return (current = running.copy().digest('base64'));
  }

  return {
    current: () => current,
    add,
    /** Tells the state after the rows below `upTo`, which add `deltas` to it. */
    tell(upTo: number | null, deltas: readonly StateDelta[] = []): void {
      for (const { value } of deltas) add(value);
      const hash = digest();
      onState?.({ upTo, hash });
    },
    /** Before the first batch: a hash that is known when all earlier deltas are added. */
    tellLater(added: Promise<void>): void {
      const hash = added.then(digest);
      // Whoever asks for it is told of a failure.
      hash.catch(() => {});
      onState?.({ upTo: null, hash });
    },
  };
}

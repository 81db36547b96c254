import { createHash } from 'node:crypto';
import type { StateDelta } from '../rowEvents.js';
import type { StepShape } from './outcome.js';

/** A hash of all deltas so far: equal in every run whose step has the same state, however its rows were batched. */
export function createStateHash(onState: StepShape['onState']) {
  const running = createHash('sha256');
  let current = '';

  /** The same for any pieces of one list of values. */
  function add(values: readonly unknown[]): void {
    if (values.length > 0) running.update(values.map(hashedText).join(''));
  }

  function digest(): string {
    return (current = running.copy().digest('base64'));
  }

  return {
    current: () => current,
    add,
    /** Tells the state after the rows below `upTo`, which add `deltas` to it. */
    tell(upTo: number | null, deltas: readonly StateDelta[] = []): void {
      add(deltas.map(({ value }) => value));
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

/** Half a surrogate pair would be hashed as any other half. */
const SURROGATE = /[\ud800-\udfff]/;

/** Each value has another text, and so has each list. To write a long text as JSON takes three times as long as to hash it. */
function hashedText(value: unknown): string {
  const isPlain = typeof value === 'string' && !SURROGATE.test(value);
  return isPlain ? `${value.length}:${value}` : `${JSON.stringify(value)};`;
}

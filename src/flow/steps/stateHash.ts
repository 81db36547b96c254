import { createHash } from 'node:crypto';
import type { StateDelta } from '../rowEvents.js';
import type { StepShape } from './outcome.js';

/** A hash of all deltas so far: equal in every run whose step has the same state, however its rows were batched. */
export function createStateHash(onState: StepShape['onState']) {
  const running = createHash('sha256');
  let current = '';

  /** The same for any pieces of one list of values. */
  function add(values: readonly unknown[]): void {
    for (let at = 0; at < values.length;) {
      const isBytes = values[at] instanceof Uint8Array;
      let end = at + 1;
      while (end < values.length && values[end] instanceof Uint8Array === isBytes) end += 1;
      const alike = values.slice(at, end);
      running.update(isBytes ? hashedBytes(alike as readonly Uint8Array[]) : alike.map(hashedText).join(''));
      at = end;
    }
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

/** What no text begins with. */
const BYTES_MARK = 'b'.charCodeAt(0);
const BYTES_HEAD = 5;

/** Each value with its length before it. To hash them one by one takes several times as long. */
function hashedBytes(values: readonly Uint8Array[]): Uint8Array {
  const size = values.reduce((sum, value) => sum + BYTES_HEAD + value.length, 0);
  const bytes = Buffer.allocUnsafe(size);
  let at = 0;
  for (const value of values) {
    bytes[at] = BYTES_MARK;
    bytes.writeUInt32LE(value.length, at + 1);
    bytes.set(value, at + BYTES_HEAD);
    at += BYTES_HEAD + value.length;
  }
  return bytes;
}

/** Half a surrogate pair would be hashed as any other half. */
const SURROGATE = /[\ud800-\udfff]/;

/** Each value has another text, and so has each list. To write a long text as JSON takes three times as long as to hash it. */
function hashedText(value: unknown): string {
  const isPlain = typeof value === 'string' && !SURROGATE.test(value);
  return isPlain ? `${value.length}:${value}` : `${JSON.stringify(value)};`;
}

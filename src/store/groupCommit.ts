import type { Replies } from './replies.js';

/** The group-commit window: replies that come within it share one flush. It is far shorter than a model's own time. */
const WINDOW_MS = 50;
/** A group of so many bytes is flushed at once. */
const GROUP_BYTES_MAX = 512 << 10;

/** Size of a group's buffer at first. */
const BUFFER_BYTES = 64 << 10;
/** Larger buffers, of a group with a very long reply, are not used again. */
const SPARE_BYTES_MAX = 4 * GROUP_BYTES_MAX;

export interface GroupCommit {
  /** Resolves when the reply's group is written; rejects as `write` did. */
  put(key: string, text: string): Promise<void>;
  /** Writes the open group without waiting for its window to end. */
  drain(): Promise<void>;
}

/**
 * Group commit: replies that come within one window are given to `write` together, and one group is written after the other.
 * After a failure, `write` is not called again, and every later reply fails with the same error. `write` may read the texts
 * until it resolves; then their buffer is used for a later group.
 */
export function createGroupCommit(
  run: string,
  sleep: (ms: number) => Promise<void>,
  write: (replies: Replies) => Promise<void>,
): GroupCommit {
  let open: Group | null = null;
  let tail: Promise<void> = Promise.resolve();
  let failed: Promise<void> | null = null;
  let spare: Buffer | null = null;

  function openGroup(): Group {
    const group = createGroup(spare ?? Buffer.allocUnsafeSlow(BUFFER_BYTES));
    spare = null;
    void sleep(WINDOW_MS).then(() => flush(group));
    return group;
  }

  /** Flushes each group once, one after the other. */
  function flush(group: Group): void {
    if (open === group) open = null;
    if (group.isFlushed) return;
    group.isFlushed = true;
    tail = tail
      .then(() => failed ?? write(repliesOf(group, run)))
      .then(() => {
        if (group.buffer.length <= SPARE_BYTES_MAX) spare = group.buffer;
        group.resolve();
      })
      .catch((error: unknown) => {
        failed ??= Promise.reject(error);
        failed.catch(() => {});
        group.reject(error);
      });
  }

  return {
    put(key, text) {
      if (failed) return failed;
      const group = (open ??= openGroup());
      if (addReply(group, key, text) >= GROUP_BYTES_MAX) flush(group);
      return group.done;
    },
    drain() {
      if (open) flush(open);
      return tail.then(() => failed ?? undefined);
    },
  };
}

interface Group {
  keys: string[];
  starts: number[];
  /** Texts are encoded into it at once, so that no string outlives its call. */
  buffer: Buffer;
  isFlushed: boolean;
  /** One promise for all replies of the group. */
  done: Promise<void>;
  resolve: () => void;
  reject: (error: unknown) => void;
}

function createGroup(buffer: Buffer): Group {
  let resolve!: () => void;
  let reject!: (error: unknown) => void;
  const done = new Promise<void>((onDone, onError) => {
    resolve = onDone;
    reject = onError;
  });
  // Callers of `put` await it; while the store closes there may be none.
  done.catch(() => {});
  return { keys: [], starts: [0], buffer, isFlushed: false, done, resolve, reject };
}

/** Returns the size of the group's texts with this one, in bytes. */
function addReply(group: Group, key: string, text: string): number {
  const start = group.starts.at(-1)!;
  // No character of a JavaScript string takes more than three bytes.
  const neededBytes = start + 3 * text.length;
  if (neededBytes > group.buffer.length) {
    const larger = Buffer.allocUnsafeSlow(2 * neededBytes);
    group.buffer.copy(larger, 0, 0, start);
    group.buffer = larger;
  }
  const end = start + group.buffer.write(text, start);
  group.keys.push(key);
  group.starts.push(end);
  return end;
}

function repliesOf({ keys, starts, buffer }: Group, run: string): Replies {
  return { run, keys, starts, texts: buffer.subarray(0, starts.at(-1)) };
}

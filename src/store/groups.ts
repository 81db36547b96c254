import type { Replies } from './blocks.js';

/** Replies that wait this long for company share one flush; far below a model's own time. */
const GATHER_MS = 50;
/** A flush begins at once when so much waits. */
const GATHER_BYTES_MAX = 512 << 10;

/** A group's buffer at first. */
const BUFFER_BYTES = 64 << 10;
/** Larger ones, of a group with a very long reply, are not kept. */
const SPARE_BYTES_MAX = 4 * GATHER_BYTES_MAX;

export interface Groups {
  /** Resolves when its group is written; rejects as `write` did. */
  put(key: string, text: string): Promise<void>;
  /** Writes what waits. */
  drain(): Promise<void>;
}

/**
 * Group commit: replies that come within GATHER_MS are given to `write` together; one group is written after the other.
 * After a failure of `write` it is not called again, and every later reply fails alike. Its texts are there until it resolves:
 * then a later group is gathered in their place.
 */
export function createGroups(
  run: string,
  sleep: (ms: number) => Promise<void>,
  write: (replies: Replies) => Promise<void>,
): Groups {
  let gathering: Group | null = null;
  let tail: Promise<void> = Promise.resolve();
  let failed: Promise<void> | null = null;
  let spare: Buffer | null = null;

  function startGroup(): Group {
    const group = createGroup(spare ?? Buffer.allocUnsafeSlow(BUFFER_BYTES));
    spare = null;
    void sleep(GATHER_MS).then(() => flush(group));
    return group;
  }

  /** Each group once, one after the other. */
  function flush(group: Group): void {
    if (gathering === group) gathering = null;
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
      const group = (gathering ??= startGroup());
      if (addReply(group, key, text) >= GATHER_BYTES_MAX) flush(group);
      return group.done;
    },
    drain() {
      if (gathering) flush(gathering);
      return tail.then(() => failed ?? undefined);
    },
  };
}

interface Group {
  keys: string[];
  starts: number[];
  /** Written to at once, so that no text outlives its call. */
  buffer: Buffer;
  isFlushed: boolean;
  /** One promise for all of a group. */
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
  // Whoever waits hears of it; at a close nobody may.
  done.catch(() => {});
  return { keys: [], starts: [0], buffer, isFlushed: false, done, resolve, reject };
}

/** Bytes of the group's texts, with this one. */
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

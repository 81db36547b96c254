import { ScaleQuestError } from '../../errors.js';
import { type OpenItem, UNLISTED, createOpenSet } from '../http/openSet.js';
import { AFFINITY_LOOKAHEAD_CALLS } from '../limits.js';

/** Where calls run: processes of an engine, replicas of a model. */
export interface Slots<Slot> {
  /** A slot with room for a call of so many sequences, and of so many tokens; null if there is none. */
  find(sequences: number, tokens: number): Slot | null;
  occupy(slot: Slot, sequences: number): void;
  release(slot: Slot, sequences: number): void;
  /** Whether this call had better go to this slot, for example because it remembers the row's prompt; and it has room for it. */
  hasAffinity?(slot: Slot, call: Pick<Entry<Slot>, 'seq' | 'sequences'>): boolean;
}

/**
 * Runs as many calls at once as there are slots. Of those that wait, the call of the oldest row (lowest seq) starts first,
 * and of one row's calls the one that came first. So the row that all later rows wait for is never behind younger ones. Only
 * where slots have an affinity to rows may one of the first few calls that wait go before the first. While no slot has room for
 * the first call, no other goes before it: a call of many sequences does not starve behind those of one.
 */
export interface Queue<Slot> {
  /**
   * Starts `start` when a slot is free and settles as it does. The slot is free again before the caller hears of it.
   * `close` rejects a running call, and each waiting one, with ERR_CANCELLED at once; ending the work itself is up to
   * whoever owns the slots.
   */
  run<T>(seq: number, start: (slot: Slot) => Promise<T>): Promise<T>;
  /** The same for a caller that keeps its own promise: `begin` is given the slot, and `leave` must follow. */
  enter(entry: Entry<Slot>): void;
  leave(entry: Entry<Slot>, slot: Slot): void;
  /** Slots may have become free by other ways than a call's end. */
  wake(): void;
  /** Ends the calls that have not begun. */
  rejectWaiting(errorOf: () => unknown): void;
  /** Cancels everything, now and later. */
  close(): void;
  readonly inFlight: number;
  readonly queued: number;
}

/** A call on its way through the queue. */
export interface Entry<Slot> extends OpenItem {
  seq: number;
  /** What it takes of a slot's room. */
  sequences: number;
  /** How many it will take, where they are counted; 0 if absent. */
  tokens?: number;
  /** Must not throw. */
  begin(slot: Slot): void;
  /** Called by `close` or `rejectWaiting`, at most once. */
  reject(error: unknown): void;
}

interface Waiting<Slot> {
  seq: number;
  arrival: number;
  entry: Entry<Slot>;
}

export function createQueue<Slot>(slots: Slots<Slot>): Queue<Slot> {
  const heap: Waiting<Slot>[] = [];
  const running = createOpenSet<Entry<Slot>>();
  let arrivals = 0;
  let closed = false;

  function run<T>(seq: number, start: (slot: Slot) => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const entry = {
        ...{ seq, sequences: 1, index: UNLISTED },
        begin: (slot: Slot) => void occupy(leave, entry, slot, start, resolve),
        reject,
      };
      enter(entry);
    });
  }

  function enter(entry: Entry<Slot>): void {
    if (closed) {
      entry.reject(cancelled());
      return;
    }
    push(heap, { seq: entry.seq, arrival: arrivals++, entry });
    wake();
  }

  function leave(entry: Entry<Slot>, slot: Slot): void {
    running.remove(entry);
    slots.release(slot, entry.sequences);
    wake();
  }

  function wake(): void {
    while (!closed && heap.length > 0) {
      const slot = slots.find(heap[0]!.entry.sequences, heap[0]!.entry.tokens ?? 0);
      if (slot === null) return;
      const { entry } = popAt(heap, firstWithAffinity(slots, heap, slot));
      slots.occupy(slot, entry.sequences);
      running.add(entry);
      entry.begin(slot);
    }
  }

  function rejectWaiting(errorOf: () => unknown): void {
    for (const { entry } of heap.splice(0)) entry.reject(errorOf());
  }

  function close(): void {
    if (closed) return;
    closed = true;
    const error = cancelled();
    rejectWaiting(() => error);
    for (const entry of running.items) entry.reject(error);
  }

  return {
    run,
    enter,
    leave,
    wake,
    rejectWaiting,
    close,
    get inFlight() {
      return running.items.length;
    },
    get queued() {
      return heap.length;
    },
  };
}

/** Keeps one call in its slot until it ends. */
async function occupy<Slot, T>(
  leave: Queue<Slot>['leave'],
  entry: Entry<Slot>,
  slot: Slot,
  start: (slot: Slot) => Promise<T>,
  resolve: (value: T) => void,
): Promise<void> {
  // A promise settles once: after `close` has rejected it, what comes here changes nothing.
  try {
    const value = await start(slot);
    leave(entry, slot);
    resolve(value);
  } catch (error) {
    leave(entry, slot);
    entry.reject(error);
  }
}

/**
 * Of those near the top of the heap, the first that has affinity to this slot; else the top. A call that no slot has affinity
 * to is passed over only until all calls near the top are such.
 */
function firstWithAffinity<Slot>(slots: Slots<Slot>, heap: readonly Waiting<Slot>[], slot: Slot): number {
  if (!slots.hasAffinity) return 0;
  let first = -1;
  for (let at = 0; at < Math.min(AFFINITY_LOOKAHEAD_CALLS, heap.length); at++) {
    const isFirst = first < 0 || isBefore(heap[at]!, heap[first]!);
    if (isFirst && slots.hasAffinity(slot, heap[at]!.entry)) first = at;
    if (first === 0) return 0;
  }
  return Math.max(0, first);
}

function cancelled(): ScaleQuestError {
  return new ScaleQuestError('ERR_CANCELLED', 'the model was closed before the call ended');
}

function isBefore(a: Waiting<unknown>, b: Waiting<unknown>): boolean {
  return a.seq === b.seq ? a.arrival < b.arrival : a.seq < b.seq;
}

/** Binary heap, the first to start on top. */
function push<Slot>(heap: Waiting<Slot>[], item: Waiting<Slot>): void {
  heap.push(item);
  siftUp(heap, item, heap.length - 1);
}

/** Takes out the item at `at`, which must be there. */
function popAt<Slot>(heap: Waiting<Slot>[], at: number): Waiting<Slot> {
  const taken = heap[at]!;
  const item = heap.pop()!;
  if (at < heap.length) siftUp(heap, item, siftDown(heap, item, at));
  return taken;
}

/** Puts `item` at `at` or above. */
function siftUp<Slot>(heap: Waiting<Slot>[], item: Waiting<Slot>, from: number): void {
  let at = from;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (!isBefore(item, heap[parent]!)) break;
    heap[at] = heap[parent]!;
    at = parent;
  }
  heap[at] = item;
}

/** Moves up what belongs above `item`, from `from` down; where `item` may stand then. */
function siftDown<Slot>(heap: Waiting<Slot>[], item: Waiting<Slot>, from: number): number {
  let at = from;
  for (let child = 2 * at + 1; child < heap.length; child = 2 * at + 1) {
    if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
    if (!isBefore(heap[child]!, item)) break;
    heap[at] = heap[child]!;
    at = child;
  }
  return at;
}

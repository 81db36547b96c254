import { ScaleQuestError } from '../../errors.js';
import { NO_PLACE, type OpenItem, createOpenSet } from '../http/openSet.js';

/** Where calls may run: slots of an engine, replicas of a model. */
export interface Places<Place> {
  /** A place for the next call, now taken; null if none is free. */
  take(): Place | null;
  giveBack(place: Place): void;
  /** Whether a row's calls had better go to this place, as where its prompt is known. */
  prefers?(place: Place, seq: number): boolean;
}

/**
 * As many calls at once as there are places; of those that wait, the one of the oldest row (lowest seq) starts first, and
 * of one row the one that came first. So the row that everything after it waits for is never behind younger rows. But where places
 * prefer rows, one of the first few calls that wait may go before the first.
 */
export interface Queue<Place> {
  /**
   * Starts `start` when a place is free and settles as it does; its place is free again before the caller hears of it.
   * `close` rejects a running call, and each waiting one, with ERR_CANCELLED at once; ending the work itself is up to
   * whoever owns the places.
   */
  run<T>(seq: number, start: (place: Place) => Promise<T>): Promise<T>;
  /** The same for a caller that keeps its own promise: `begin` is told the place, and `leave` must follow. */
  enter(entry: Entry<Place>): void;
  leave(entry: Entry<Place>, place: Place): void;
  /** Places may have become free by other ways than a call's end. */
  wake(): void;
  /** Cancels everything, now and later. */
  close(): void;
  readonly inFlight: number;
  readonly queued: number;
}

/** A call on its way through the queue. */
export interface Entry<Place> extends OpenItem {
  seq: number;
  /** Must not throw. */
  begin(place: Place): void;
  /** Called by `close`, at most once. */
  reject(error: unknown): void;
}

interface Waiting<Place> {
  seq: number;
  arrival: number;
  entry: Entry<Place>;
}

/** So many calls are looked at for one that a place prefers; one that no place prefers is passed over until they are all such. */
const AHEAD_MAX = 64;

export function createQueue<Place>(places: Places<Place>): Queue<Place> {
  const heap: Waiting<Place>[] = [];
  const running = createOpenSet<Entry<Place>>();
  let arrivals = 0;
  let closed = false;

  function run<T>(seq: number, start: (place: Place) => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const entry = {
        ...{ seq, place: NO_PLACE },
        begin: (place: Place) => void occupy(leave, entry, place, start, resolve),
        reject,
      };
      enter(entry);
    });
  }

  function enter(entry: Entry<Place>): void {
    if (closed) {
      entry.reject(cancelled());
      return;
    }
    push(heap, { seq: entry.seq, arrival: arrivals++, entry });
    wake();
  }

  function leave(entry: Entry<Place>, place: Place): void {
    running.remove(entry);
    places.giveBack(place);
    wake();
  }

  function wake(): void {
    while (!closed && heap.length > 0) {
      const place = places.take();
      if (place === null) return;
      const { entry } = popAt(heap, firstPreferred(places, heap, place));
      running.add(entry);
      entry.begin(place);
    }
  }

  function close(): void {
    if (closed) return;
    closed = true;
    const error = cancelled();
    for (const { entry } of heap.splice(0)) entry.reject(error);
    for (const entry of running.items) entry.reject(error);
  }

  return {
    run,
    enter,
    leave,
    wake,
    close,
    get inFlight() {
      return running.items.length;
    },
    get queued() {
      return heap.length;
    },
  };
}

/** One call at its place, to its end. */
async function occupy<Place, T>(
  leave: Queue<Place>['leave'],
  entry: Entry<Place>,
  place: Place,
  start: (place: Place) => Promise<T>,
  resolve: (value: T) => void,
): Promise<void> {
  // A promise settles once: after `close` has rejected it, what comes here changes nothing.
  try {
    const value = await start(place);
    leave(entry, place);
    resolve(value);
  } catch (error) {
    leave(entry, place);
    entry.reject(error);
  }
}

/** Of those near the top of the heap, the first that this place prefers; else the top. */
function firstPreferred<Place>(places: Places<Place>, heap: readonly Waiting<Place>[], place: Place): number {
  if (!places.prefers) return 0;
  let first = -1;
  for (let at = 0; at < Math.min(AHEAD_MAX, heap.length); at++) {
    const isFirst = first < 0 || isBefore(heap[at]!, heap[first]!);
    if (isFirst && places.prefers(place, heap[at]!.entry.seq)) first = at;
  }
  return Math.max(0, first);
}

/** Places of which one is as good as another. */
export function countedPlaces(placesMax: number): Places<true> {
  let taken = 0;
  return {
    take() {
      if (taken >= placesMax) return null;
      taken += 1;
      return true;
    },
    giveBack() {
      taken -= 1;
    },
  };
}

function cancelled(): ScaleQuestError {
  return new ScaleQuestError('ERR_CANCELLED', 'the model was closed before the call ended');
}

function isBefore(a: Waiting<unknown>, b: Waiting<unknown>): boolean {
  return a.seq === b.seq ? a.arrival < b.arrival : a.seq < b.seq;
}

/** Binary heap, the first to start on top. */
function push<Place>(heap: Waiting<Place>[], item: Waiting<Place>): void {
  heap.push(item);
  rise(heap, item, heap.length - 1);
}

/** Takes out the item at `at`, which must be there. */
function popAt<Place>(heap: Waiting<Place>[], at: number): Waiting<Place> {
  const taken = heap[at]!;
  const item = heap.pop()!;
  if (at < heap.length) rise(heap, item, sink(heap, item, at));
  return taken;
}

/** Puts `item` at `at` or above. */
function rise<Place>(heap: Waiting<Place>[], item: Waiting<Place>, from: number): void {
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
function sink<Place>(heap: Waiting<Place>[], item: Waiting<Place>, from: number): number {
  let at = from;
  for (let child = 2 * at + 1; child < heap.length; child = 2 * at + 1) {
    if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
    if (!isBefore(heap[child]!, item)) break;
    heap[at] = heap[child]!;
    at = child;
  }
  return at;
}

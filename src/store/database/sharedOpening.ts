/**
 * A process opens a database once, and whoever opens it again gets that opening: the thread that writes for an opening holds the
 * database's lock while it waits for the main thread, so a second opening there would wait for that lock, for ever.
 */

/** What is open, with the function that closes it. */
export interface Opening<T> {
  value: T;
  close(): Promise<void>;
}

export type OpeningMode = 'read' | 'write';

interface Shared {
  opening: Opening<unknown>;
  users: number;
}

/** By mode and file, which has one name whatever path leads to it. */
const shared = new Map<string, Shared>();
let turn: Promise<unknown> = Promise.resolve();

/** One after the other, so that nobody opens what another one is about to open or close. */
function inTurn<T>(work: () => Promise<T>): Promise<T> {
  const done = turn.then(work);
  turn = done.catch(() => undefined);
  return done;
}

/**
 * The opening of `fileId()` that this process has, or else what `open` gives; whoever only reads may also get one that writes. Null as
 * `open`. Without a file (null) nothing is shared; `open` may make it. It closes when the last of its users does.
 */
export function shareOpening<T>(
  mode: OpeningMode,
  fileId: () => Promise<string | null>,
  open: () => Promise<Opening<T> | null>,
): Promise<Opening<T> | null> {
  return inTurn(async () => {
    const found = openingOf(mode, await fileId());
    if (found) return use<T>(found.key, found.entry);
    const opening = await open();
    if (!opening) return null;
    const id = await fileId().catch(() => null);
    if (id === null) return opening;
    const entry: Shared = { opening, users: 0 };
    shared.set(keyOf(mode, id), entry);
    return use<T>(keyOf(mode, id), entry);
  });
}

function keyOf(mode: OpeningMode, id: string): string {
  return `${mode} ${id}`;
}

function openingOf(mode: OpeningMode, id: string | null): { key: string; entry: Shared } | null {
  if (id === null) return null;
  const keys = mode === 'read' ? [keyOf('write', id), keyOf('read', id)] : [keyOf('write', id)];
  const key = keys.find((own) => shared.has(own));
  return key === undefined ? null : { key, entry: shared.get(key)! };
}

function use<T>(key: string, entry: Shared): Opening<T> {
  entry.users += 1;
  let closed: Promise<void> | null = null;
  const leave = async (): Promise<void> => {
    entry.users -= 1;
    if (entry.users > 0) return;
    shared.delete(key);
    await entry.opening.close();
  };
  return { value: entry.opening.value as T, close: () => (closed ??= inTurn(leave)) };
}

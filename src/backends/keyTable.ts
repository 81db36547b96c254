/** A table of what is under way, by key; as for `createOpenSet`, V8's own would keep what is not any more. */
export interface KeyTable<T> {
  get(key: string): T | undefined;
  /** Of a key that is not there. */
  add(key: string, value: T): void;
  delete(key: string): void;
}

const PLACES_MIN = 64;

/** By keys whose first four characters are random bytes, as the store's are: they say where a key has its place, or soon after. */
export function createKeyTable<T>(): KeyTable<T> {
  let keys: (string | undefined)[] = Array(PLACES_MIN).fill(undefined);
  let values: (T | undefined)[] = Array(PLACES_MIN).fill(undefined);
  let mask = PLACES_MIN - 1;
  let size = 0;

  /** Of the key, or the free place where it belongs. */
  function find(key: string): number {
    let at = homeOf(key) & mask;
    while (keys[at] !== undefined && keys[at] !== key) at = (at + 1) & mask;
    return at;
  }

  function put(key: string, value: T): void {
    const at = find(key);
    keys[at] = key;
    values[at] = value;
  }

  function grow(): void {
    const [oldKeys, oldValues] = [keys, values];
    const places = 2 * oldKeys.length;
    [keys, values, mask] = [Array(places).fill(undefined), Array(places).fill(undefined), places - 1];
    for (const [at, key] of oldKeys.entries()) if (key !== undefined) put(key, oldValues[at]!);
  }

  /** Moves up what stands behind a free place only because that was taken. */
  function close(free: number): void {
    let hole = free;
    for (let at = (hole + 1) & mask; keys[at] !== undefined; at = (at + 1) & mask) {
      const home = homeOf(keys[at]!) & mask;
      if (((at - home) & mask) < ((at - hole) & mask)) continue;
      [keys[hole], values[hole]] = [keys[at], values[at]];
      hole = at;
    }
    [keys[hole], values[hole]] = [undefined, undefined];
  }

  return {
    get: (key) => values[find(key)],
    add(key, value) {
      if (2 * ++size > keys.length) grow();
      put(key, value);
    },
    delete(key) {
      const at = find(key);
      if (keys[at] === undefined) return;
      size -= 1;
      close(at);
    },
  };
}

function homeOf(key: string): number {
  return key.charCodeAt(0) | (key.charCodeAt(1) << 8) | (key.charCodeAt(2) << 16) | (key.charCodeAt(3) << 24);
}

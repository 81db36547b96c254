import { systemClock } from '../../src/clock.js';
import { nodeFiles } from '../../src/io/files/files.js';
import { type Store, openStore } from '../../src/store/store.js';
import { keyOf, textOf } from './storeReplies.js';

const { nowMs, sleep } = systemClock;
export const DEPS = { files: nodeFiles, nowMs, sleep };
/** More replies than the log holds before a checkpoint. */
export const MANY = 3000;

export async function withOpen<T>(path: string, use: (store: Store) => Promise<T> | T): Promise<T> {
  const store = await openStore(path, 'test', DEPS);
  try {
    return await use(store);
  } finally {
    await store.close();
  }
}

export async function fill(path: string, count: number): Promise<void> {
  await withOpen(path, async (store) => {
    await Promise.all(Array.from({ length: count }, (_, number) => store.put(keyOf(number), textOf(number))));
  });
}

export async function missing(path: string, numbers: readonly number[]): Promise<number[]> {
  return withOpen(path, (store) => numbers.filter((number) => store.get(keyOf(number)) !== textOf(number)));
}

export function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, number) => number);
}

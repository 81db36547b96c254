import { createHash } from 'node:crypto';
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { open } from 'lmdb';
import { systemClock } from '../../src/clock.js';
import { nodeFiles } from '../../src/io/files/files.js';
import { openDatabase } from '../../src/store/database/database.js';
import { databaseOptions } from '../../src/store/database/tables.js';
import { removeStepResults } from '../../src/store/stepResults.js';
import { openStore } from '../../src/store/store.js';

/** Replies by number, the same in every process. */
export function keyOf(number: number): string {
  return createHash('sha256').update(`${number}`).digest('binary').slice(0, 16);
}

export function textOf(number: number): string {
  return JSON.stringify(['complete', 'solver', 7, [[`reply ${number} é∑ `.repeat(40), 'stop', 7]]]);
}

export const DAY_MS = 86_400_000;

/** When the stores of `fillRun` are written, by their clock. */
export const NOW_MS = 1.7e12;

/** Stores `count` replies of one run, written `ageMs` ago; a quarter of its calls are counted as hits. */
export async function fillRun(
  path: string,
  run: string,
  first: number,
  count: number,
  ageMs = 0,
): Promise<void> {
  const { sleep } = systemClock;
  const store = await openStore(path, run, { files: nodeFiles, nowMs: () => NOW_MS - ageMs, sleep });
  const numbers = Array.from({ length: count }, (_, at) => first + at);
  await Promise.all(numbers.map((number) => store.put(keyOf(number), textOf(number))));
  for (const number of numbers) store.count('solver', number % 4 === 0);
  await store.close();
}

/** Which of the replies a store has. */
export async function have(path: string, numbers: readonly number[]): Promise<boolean[]> {
  const { nowMs, sleep } = systemClock;
  const store = await openStore(path, 'reader', { files: nodeFiles, nowMs, sleep });
  const found = numbers.map((number) => store.get(keyOf(number)) === textOf(number));
  await store.close();
  return found;
}

/** Removes the step results and leaves the replies alone. */
export async function clearStepResults(path: string): Promise<void> {
  const { database, close } = await openDatabase(nodeFiles, path);
  await removeStepResults(database);
  await close();
}

/** Makes a store look like one of a version that cached no step results. */
export async function makeOlder(path: string): Promise<void> {
  const root = open<Buffer, Buffer>(databaseOptions(path));
  const table = (name: string) =>
    root.openDB<Buffer, Buffer>({ name, encoding: 'binary', keyEncoding: 'binary' });
  await table('decisions').drop();
  const runs = table('runs');
  for (const { key, value } of [...runs.getRange()]) {
    const { replayedRows: _, ...older } = JSON.parse(value.toString()) as { replayedRows: number };
    await runs.put(Buffer.from(key), Buffer.from(JSON.stringify(older)));
  }
  await root.close();
}

/** Changes one byte of each cached step result. */
export async function damageStepResults(path: string): Promise<void> {
  const root = open<Buffer, Buffer>(databaseOptions(path));
  const table = root.openDB<Buffer, Buffer>({ name: 'decisions', encoding: 'binary', keyEncoding: 'binary' });
  for (const { key, value } of [...table.getRange()]) {
    const damaged = Buffer.from(value);
    damaged[damaged.length - 1]! ^= 1;
    await table.put(Buffer.from(key), damaged);
  }
  await root.close();
}

/** LMDB keeps a large value in pages of its own, behind the header of the first. */
const PAGE_BYTES = 4096;
const PAGE_HEAD_BYTES = 24;

/**
 * Writes over some bytes of each block of a run, as a failing disk would. Only of blocks: LMDB trusts the pages of its trees,
 * and damage there may end the process.
 */
export function damageBlocks(dataFile: string, run: string): void {
  const length = String.fromCharCode(run.length);
  // The head of a block: codec, zeros, checksum, two numbers, the length of the run's name, the name.
  const head = new RegExp(`[\\x00\\x01]\\x00{3}[^]{16}${length}\\x00${run}`, 'g');
  const found = [...readFileSync(dataFile, 'latin1').matchAll(head)].map(({ index }) => index);
  // The table of runs has the name too, as a key.
  const places = found.filter((place) => place % PAGE_BYTES === PAGE_HEAD_BYTES);
  const handle = openSync(dataFile, 'r+');
  for (const place of places) writeSync(handle, Buffer.alloc(64, 0xee), 0, 64, place + 100);
  closeSync(handle);
}

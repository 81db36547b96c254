import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { open as openFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ClassicLevel } from 'classic-level';
import { type Database, open } from 'lmdb';
import { systemClock } from '../../src/clock.js';
import { nodeFiles } from '../../src/io/files/files.js';
import { openStore } from '../../src/store/store.js';
import { printTable } from '../../src/run/report/report.js';
import { flag, median } from '../figures.js';
import { textOf } from '../endpoint/texts.js';

/**
 * What a reply of about 1.2 KB costs in embedded databases: CPU of a put (all threads, groups that are flushed to the disk
 * before the next begins), CPU of a get in the order of writing and in any order, bytes on disk, milliseconds to open.
 *   npm run bench:store -- [--replies=200000] [--group=200] [--rounds=2]
 * better-sqlite3 joins where it is installed (npm install --no-save better-sqlite3; it is compiled or downloaded).
 */

interface Arm {
  putAll(keys: readonly Buffer[], texts: readonly string[]): Promise<unknown>;
  get(key: Buffer): string | undefined;
  close(): Promise<unknown>;
}

const replies = flag('replies', 200_000);
const group = flag('group', 200);
const rounds = flag('rounds', 2);

const KINDS = 5000;
const texts = Array.from({ length: KINDS }, (_, at) => {
  const text = textOf('solution', at * 7, at * 31 + 5, { tokens: 210, ended: true });
  return JSON.stringify(['complete', 'solver', 210, [[text, 'stop', 210]]]);
});
const keys = Array.from({ length: replies }, (_, at) =>
  createHash('sha256').update(`${at}`).digest().subarray(0, 16),
);

const arms: Record<string, (folder: string) => Promise<Arm | null>> = {
  'one file, appended (floor)': appendArm,
  'lmdb, a record a reply': (folder) => lmdbArm(folder, false),
  'lmdb, a record a reply, LZ4': (folder) => lmdbArm(folder, true),
  'LevelDB, 4 MiB buffer': (folder) => levelArm(folder, 4 << 20),
  'LevelDB, 16 MiB buffer': (folder) => levelArm(folder, 16 << 20),
  'SQLite, write-ahead log': sqliteArm,
  'this store (lmdb, blocks)': storeArm,
};

async function appendArm(folder: string): Promise<Arm> {
  const file = await openFile(join(folder, 'log'), 'a');
  return {
    async putAll(_, written) {
      await file.appendFile(written.join('\n'));
      await file.datasync();
    },
    get: () => '',
    close: () => file.close(),
  };
}

async function lmdbArm(path: string, compress: boolean): Promise<Arm> {
  const compression = compress ? { threshold: 200 } : false;
  const options = { encoding: 'binary', keyEncoding: 'binary', overlappingSync: false, compression } as const;
  const database: Database<Buffer, Buffer> = open({ path, noSubdir: false, ...options });
  return {
    putAll: (group, written) =>
      Promise.all(group.map((key, at) => database.put(key, Buffer.from(written[at]!)))),
    get: (key) => database.getBinary(key)?.toString(),
    close: () => database.close(),
  };
}

async function levelArm(path: string, writeBufferSize: number): Promise<Arm> {
  const options = { keyEncoding: 'buffer', valueEncoding: 'utf8' };
  const database = new ClassicLevel<Buffer, string>(path, {
    ...options,
    ...{ writeBufferSize, maxFileSize: writeBufferSize / 2 },
  });
  await database.open();
  return {
    putAll(group, written) {
      const batch = database.batch();
      for (const [at, key] of group.entries()) batch.put(key, written[at]!);
      return batch.write({ sync: true });
    },
    get: (key) => database.getSync(key),
    close: () => database.close(),
  };
}

interface Sqlite {
  pragma(text: string): void;
  exec(text: string): void;
  prepare(text: string): { run(...values: unknown[]): void; get(key: Buffer): { v: string } | undefined };
  close(): void;
}

async function sqliteArm(folder: string): Promise<Arm | null> {
  const name = 'better-sqlite3';
  const loaded = (await import(name).catch(() => null)) as { default: new (path: string) => Sqlite } | null;
  if (!loaded) return null;
  const database = new loaded.default(join(folder, 'store.db'));
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  database.exec('create table if not exists replies (k blob primary key, v text) without rowid');
  const insert = database.prepare('insert or replace into replies values (?, ?)');
  const select = database.prepare('select v from replies where k = ?');
  return {
    async putAll(group, written) {
      database.exec('begin');
      for (const [at, key] of group.entries()) insert.run(key, written[at]);
      database.exec('commit');
    },
    get: (key) => select.get(key)?.v,
    close: async () => database.close(),
  };
}

async function storeArm(folder: string): Promise<Arm> {
  const { nowMs } = systemClock;
  // Groups are given by the bench here, not gathered.
  const store = await openStore(folder, 'bench', {
    ...{ files: nodeFiles, nowMs },
    sleep: () => new Promise<void>((resolve) => setImmediate(resolve)),
  });
  return {
    putAll: (group, written) =>
      Promise.all(group.map((key, at) => store.put(key.toString('latin1'), written[at]!))),
    get: (key) => store.get(key.toString('latin1')),
    close: store.close,
  };
}

const FIGURES = ['put', 'getInOrder', 'getAnyhow', 'bytes', 'openMs'] as const;
type Figures = Record<(typeof FIGURES)[number], number>;

async function measure(start: (folder: string) => Promise<Arm | null>): Promise<Figures | null> {
  const folder = mkdtempSync(join(tmpdir(), 'scalequest-store-'));
  try {
    const arm = await start(folder);
    if (!arm) return null;
    const put = await cpuUs(async () => {
      for (let at = 0; at < replies; at += group) {
        const chosen = keys.slice(at, at + group);
        await arm.putAll(
          chosen,
          chosen.map((_, place) => texts[(at + place) % KINDS]!),
        );
      }
      await arm.close();
    });
    const startedMs = performance.now();
    const again = (await start(folder))!;
    again.get(keys[0]!);
    const openMs = performance.now() - startedMs;
    const getInOrder = await cpuUs(() => getAll(again, 1));
    // Fewer, as each may cost a whole block; a step that shares no factor with the number meets every place.
    const getAnyhow = (await cpuUs(() => getAll(again, 7919, replies / 20))) * 20;
    await again.close();
    return { put, getInOrder, getAnyhow, bytes: bytesOf(folder) / replies, openMs };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function getAll(arm: Arm, step: number, count = replies): Promise<void> {
  for (let at = 0; at < count; at++) {
    if (arm.get(keys[(at * step) % replies]!) === undefined) throw new Error('a reply is missing');
    // As in a run: transactions and timers have their turn.
    if (at % 1000 === 0) await sleep(0);
  }
}

async function cpuUs(work: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / replies;
}

function bytesOf(folder: string): number {
  return readdirSync(folder).reduce((sum, name) => sum + 512 * statSync(join(folder, name)).blocks, 0);
}

const results = new Map<string, Figures[]>();
for (let round = 0; round < rounds; round++) {
  for (const [name, start] of Object.entries(arms)) {
    const figures = await measure(start);
    if (figures) results.set(name, [...(results.get(name) ?? []), figures]);
  }
}
const mean = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0) / KINDS;
console.log(`${replies} replies of ${mean.toFixed(0)} bytes, in groups of ${group}; median of ${rounds}`);
console.log(
  printTable(
    ['', 'put, us', 'get in order, us', 'get anyhow, us', 'bytes a reply', 'open, ms'],
    [...results].map(([name, all]) => [
      name,
      ...FIGURES.map((figure) => median(all.map((each) => each[figure])).toFixed(figure === 'bytes' ? 0 : 1)),
    ]),
  ),
);

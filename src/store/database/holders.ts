import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { ScaleQuestError } from '../../errors.js';
import { removeQuietly } from '../../io/files/atomicFile.js';
import { type Files, readWhole } from '../../io/files/files.js';
import { type LockHolder, type LockWorld, lockHolder, thisProcess } from '../../io/runFolder/runLock.js';
import { HOLDER_FILE, holderFile } from './fileNames.js';

/**
 * Who has a store open. LMDB's locks lie in memory that processes share: they work on one machine, including its containers, but
 * not across a network file system, where two machines would write over each other. So each process leaves a file with its name.
 */

const storeHolder = lockHolder.extend({
  /** Changes with each start of the machine, and is the same in all its containers. Null where the system does not tell. */
  bootId: z.string().nullable(),
});

export type StoreHolder = z.infer<typeof storeHolder>;

/** This process, and what it can see of others. */
export interface HolderWorld {
  self: StoreHolder;
  isAlive: LockWorld['isAlive'];
}

export function thisHolder(): HolderWorld {
  const { self, isAlive } = thisProcess();
  return { self: { ...self, bootId: bootId() }, isAlive };
}

function bootId(): string | null {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  } catch {
    return null;
  }
}

let claims = 0;

/**
 * Leaves our name in a store's folder, and returns the function that removes it. Throws ERR_STORE_OPEN where a process of
 * another machine has left its own.
 */
export async function claimStore(
  files: Files,
  path: string,
  world = thisHolder(),
): Promise<() => Promise<void>> {
  const { host, pid } = world.self;
  const own = holderFile(host, pid, claims++);
  const release = (): Promise<void> => removeQuietly(files, join(path, own));
  try {
    // We write before we read the others, so that of two processes at least one sees the other.
    const file = await files.open(join(path, own), 'write');
    try {
      await file.write(new TextEncoder().encode(`${JSON.stringify(world.self)}\n`));
    } finally {
      await file.close();
    }
    for (const name of await deadHolders(files, path, world, own))
      await removeQuietly(files, join(path, name));
    return release;
  } catch (error) {
    await release();
    throw error;
  }
}

/** Files left by processes that have died. Throws ERR_STORE_OPEN for one of another machine. */
export async function deadHolders(
  files: Files,
  path: string,
  { self, isAlive }: HolderWorld,
  own?: string,
): Promise<string[]> {
  const dead: string[] = [];
  for (const { name, found } of await holdersIn(files, path)) {
    if (name === own) continue;
    const isHere = found.host === self.host || (found.bootId !== null && found.bootId === self.bootId);
    if (!isHere) throw heldElsewhere(path, name, found);
    if (found.host === self.host && !isAlive(found)) dead.push(name);
  }
  return dead;
}

/** A file that is not written yet, or that a crash truncated, names nobody. */
async function holdersIn(files: Files, path: string): Promise<{ name: string; found: StoreHolder }[]> {
  const names = (await files.readdir(path)).filter((name) => HOLDER_FILE.test(name));
  const read = await Promise.all(
    names.map(async (name) => ({ name, found: await readHolder(files, join(path, name)) })),
  );
  return read.flatMap(({ name, found }) => (found ? [{ name, found }] : []));
}

/** The files of one process. Throws ERR_STORE_OPEN where another one, that is not known to be dead, has the store open too. */
export async function filesOfHolder(
  files: Files,
  path: string,
  { host, pid, bornAt }: LockHolder,
  { self, isAlive }: HolderWorld = thisHolder(),
): Promise<string[]> {
  const own: string[] = [];
  const others: { name: string; found: StoreHolder }[] = [];
  for (const holder of await holdersIn(files, path)) {
    const { found, name } = holder;
    if (found.host === host && found.pid === pid && found.bornAt === bornAt) own.push(name);
    else if (found.host !== self.host || isAlive(found)) others.push(holder);
  }
  const [other] = others;
  if (own.length > 0 && other) throw heldElsewhere(path, other.name, other.found);
  return own;
}

async function readHolder(files: Files, path: string): Promise<StoreHolder | null> {
  try {
    const text = new TextDecoder().decode(await readWhole(files, path));
    return storeHolder.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}

function heldElsewhere(path: string, name: string, { pid, host }: StoreHolder): ScaleQuestError {
  return new ScaleQuestError(
    'ERR_STORE_OPEN',
    `the store ${path} cannot be opened: process ${pid} on ${host} has it open, expected the processes of one machine. ` +
      `Give each machine a store of its own; if that process is gone, remove ${join(path, name)}`,
    { data: { path } },
  );
}

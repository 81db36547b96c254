import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { ScaleQuestError } from '../../errors.js';
import { removeQuietly, temporaryPath } from '../files/atomicFile.js';
import { type Files, readWhole } from '../files/files.js';
import { openJson, sealJson } from '../files/seal.js';
import { fencedFiles } from './fencedFiles.js';

export const LOCK_FILE = 'run.lock';
/** Exists for the moment in which a process takes over a dead one's lock. */
export const TAKEOVER_FILE = 'run.lock.takeover';

export const lockHolder = z.strictObject({
  host: z.string(),
  pid: z.int().min(1),
  /** When the process started, by the kernel's clock, which tells a reused pid apart; null where the system does not say. */
  bornAt: z.string().nullable(),
});

export type LockHolder = z.infer<typeof lockHolder>;

export interface RunLock {
  /** The file system for this folder: it publishes nothing once another process has taken the lock. */
  files: Files;
  /** Throws ERR_RUN_TAKEN_OVER once another process has taken the lock. */
  assertHeld(): Promise<void>;
  /** ERR_RUN_TAKEN_OVER where the lock is another's, which explains any error; else the error itself. */
  lossBehind(error: unknown): Promise<unknown>;
  /** Whom it was taken from, though that process may still be at work; null as a rule. */
  takenFrom: LockHolder | null;
  /** Removes the lock, unless it is another's by now. */
  release(): Promise<void>;
}

/** Who asks for a lock, and what it can see of others. */
export interface LockWorld {
  self: LockHolder;
  /** Whether a process of this machine still runs. */
  isAlive: (holder: LockHolder) => boolean;
}

/**
 * Makes sure that one process at a time writes a run folder. A lock whose process has died, as after SIGKILL, is taken over.
 * Throws ERR_RUN_FOLDER if another process holds it.
 */
export async function lockRunFolder(
  files: Files,
  folder: string,
  sleep: (ms: number) => Promise<void>,
  others: LockWorld = thisProcess(),
): Promise<RunLock> {
  const world = { ...others, sleep };
  const path = join(folder, LOCK_FILE);
  if (!(await claim(files, path, world.self))) await takeOver(files, folder, world);
  return heldLock(files, folder, others.self, null);
}

/**
 * The same, but takes the lock of any process, also of one that cannot be seen from here: the user says that the run goes on here.
 * Should the other one still be at work, it ends at its next check.
 */
export async function seizeRunFolder(
  files: Files,
  folder: string,
  sleep: (ms: number) => Promise<void>,
  others: LockWorld = thisProcess(),
): Promise<RunLock> {
  const path = join(folder, LOCK_FILE);
  const found = await readHolder(files, path);
  if (!found || !isHeld(found, others)) return lockRunFolder(files, folder, sleep, others);
  if (isSame(found, others.self)) throw inUse(folder, found);
  const temporary = temporaryPath({ writer: writerOf(others.self) }, path);
  await removeQuietly(files, temporary);
  await claim(files, temporary, others.self);
  // In one step: there is no moment without a lock.
  await files.rename(temporary, path);
  return heldLock(files, folder, others.self, found);
}

function heldLock(files: Files, folder: string, self: LockHolder, takenFrom: LockHolder | null): RunLock {
  const path = join(folder, LOCK_FILE);

  async function assertHeld(): Promise<void> {
    const found = await holderIn(files, path);
    if (!found || !isSame(found, self)) throw takenOver(folder, found);
  }

  return {
    ...{ assertHeld, takenFrom },
    lossBehind: (error) =>
      assertHeld().then(
        () => error,
        (loss: ScaleQuestError) => (loss.code === 'ERR_RUN_TAKEN_OVER' ? loss : error),
      ),
    files: fencedFiles(files, writerOf(self), assertHeld),
    async release() {
      const found = await readHolder(files, path);
      if (found && isSame(found, self)) await files.unlink(path);
    },
  };
}

function isSame(a: LockHolder, b: LockHolder): boolean {
  return a.host === b.host && a.pid === b.pid && a.bornAt === b.bornAt;
}

const WRITER_DIGITS = 8;

/** Names the temporary files of a process. */
function writerOf({ host, pid, bornAt: born }: LockHolder): string {
  const hash = createHash('sha256').update(JSON.stringify([host, pid, born]));
  return hash.digest('hex').slice(0, WRITER_DIGITS);
}

function takenOver(folder: string, found: LockHolder | null): ScaleQuestError {
  const who = found ? `process ${found.pid} on ${found.host} has taken it over` : 'its lock is gone';
  return new ScaleQuestError(
    'ERR_RUN_TAKEN_OVER',
    `stopped writing ${folder}: ${who}. What was committed before is intact, and the run goes on there; there is nothing to do here.`,
    { data: { path: folder } },
  );
}

type WaitingWorld = LockWorld & { sleep: (ms: number) => Promise<void> };

/**
 * When two processes see the same dead holder, the slower one would remove the lock of the faster one. So a process takes over
 * alone, under a lock of its own, and looks again before it removes anything.
 */
async function takeOver(files: Files, folder: string, world: WaitingWorld): Promise<void> {
  const path = join(folder, LOCK_FILE);
  const takeover = join(folder, TAKEOVER_FILE);
  await assertDead(files, folder, path, world);
  if (!(await claim(files, takeover, world.self))) {
    await assertDead(files, folder, takeover, world);
    await removeQuietly(files, takeover);
    if (!(await claim(files, takeover, world.self))) throw inUse(folder, await readHolder(files, takeover));
  }
  try {
    await assertDead(files, folder, path, world);
    await removeQuietly(files, path);
    if (!(await claim(files, path, world.self))) throw inUse(folder, await readHolder(files, path));
  } finally {
    await removeQuietly(files, takeover);
  }
}

async function assertDead(files: Files, folder: string, path: string, world: WaitingWorld): Promise<void> {
  let found = await readHolder(files, path);
  // The holder may be about to write its name. If the lock stays empty, a crash has left it so.
  for (let tries = 0; !found && tries < NAMELESS_TRIES; tries++) {
    await world.sleep(NAMELESS_MS);
    found = await readHolder(files, path);
  }
  if (found && isHeld(found, world)) throw inUse(folder, found);
}

const NAMELESS_TRIES = 5;
const NAMELESS_MS = 50;

/** Whether the holder may still be at work. */
export function isHeld(found: LockHolder, { self, isAlive }: LockWorld): boolean {
  // A process on another machine that shares the folder cannot be seen from here.
  return found.host !== self.host || isAlive(found);
}

/** False where the lock exists already. */
async function claim(files: Files, path: string, self: LockHolder): Promise<boolean> {
  try {
    const file = await files.open(path, 'exclusive');
    try {
      await file.write(new TextEncoder().encode(`${sealJson(JSON.stringify(self))}\n`));
    } finally {
      await file.close();
    }
    return true;
  } catch (error) {
    if ((error as ScaleQuestError).data?.['errno'] === 'EEXIST') return false;
    throw error;
  }
}

/** Null for a lock that a crash has left empty, that has been released by now, or that cannot be read. */
function readHolder(files: Files, path: string): Promise<LockHolder | null> {
  return holderIn(files, path).catch(() => null);
}

/** The same, but throws ERR_IO_READ for one that cannot be read. */
async function holderIn(files: Files, path: string): Promise<LockHolder | null> {
  const bytes = await readWhole(files, path).catch((error: unknown) => {
    // ESTALE: on NFS, another machine has put a new file in its place.
    if (['ENOENT', 'ESTALE'].includes(String((error as ScaleQuestError).data?.['errno']))) return null;
    throw error;
  });
  if (bytes === null) return null;
  try {
    const text = new TextDecoder().decode(bytes);
    return lockHolder.safeParse(JSON.parse(openJson(text.trimEnd()).body)).data ?? null;
  } catch {
    return null;
  }
}

function inUse(folder: string, found: LockHolder | null): ScaleQuestError {
  const who = found ? `process ${found.pid} on ${found.host}` : 'another process';
  return new ScaleQuestError(
    'ERR_RUN_FOLDER',
    `cannot use ${folder} for a run: ${who} is writing it, expected one process at a time. ` +
      'Wait for it, or choose another --out; if that machine is gone, or shall not go on, add --take-over.',
    { data: { path: folder } },
  );
}

/** The process that a run folder's lock names, and whether the lock is as it was written. Null without a lock. Throws ERR_IO_READ. */
export async function readRunLock(
  files: Files,
  folder: string,
): Promise<{ holder: LockHolder | null; isWhole: boolean } | null> {
  const path = join(folder, LOCK_FILE);
  if (!(await files.stat(path))) return null;
  const text = Buffer.from(await readWhole(files, path)).toString();
  const { isWhole } = openJson(text.slice(0, -1));
  return { holder: await readHolder(files, path), isWhole: isWhole && text.endsWith('\n') };
}

/** A process of this machine, so that others can recognise it. */
export function holderOf(pid: number): LockHolder {
  return { host: hostname(), pid, bornAt: bornAt(pid) };
}

export function thisProcess(): LockWorld {
  return {
    self: holderOf(process.pid),
    isAlive: ({ pid, bornAt: born }) => exists(pid) && (born === null || bornAt(pid) === born),
  };
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * Field 22 of Linux's /proc/<pid>/stat; the process name before it may hold spaces and brackets. Null for a zombie: a process
 * that has died and that nobody has waited for, as in a container without an init.
 */
function bornAt(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? null : (fields[19] ?? null);
  } catch {
    return null;
  }
}

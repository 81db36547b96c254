import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';

/** A program that runs in a process group of its own, behind a guard. */
export type GuardedGroup = ChildProcessByStdio<Writable, Readable, Readable>;

export interface GroupOptions {
  env: Readonly<Record<string, string | undefined>>;
  /** How long the group has between SIGTERM and SIGKILL. */
  graceMs: number;
  cwd?: string | undefined;
}

/**
 * Starts a program. Its whole process group ends when the guard's standard input is closed, or when this process dies in any
 * way. The guard exits as the program did: with its code, with 128 plus the number of the signal that ended it, or with 127 if
 * it cannot be started.
 */
export function spawnGuarded(command: readonly string[], { env, graceMs, cwd }: GroupOptions): GuardedGroup {
  const guard = fileURLToPath(new URL('./guardProcess.js', import.meta.url));
  return spawn(process.execPath, [guard, String(graceMs), ...command], {
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
    env,
    ...(cwd === undefined ? {} : { cwd }),
  });
}

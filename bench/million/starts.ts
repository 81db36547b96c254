import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Progress } from './runChild.js';

/** One start of a run, which may have been killed. */
export interface Start {
  wallS: number;
  isEnded: boolean;
  /** The most that it held before the first of `MEMORY_ROWS`, between them, and behind the last. Null where it was not, or nobody tells. */
  memoryMiB: (number | null)[];
  progress: Progress | null;
}

/** Rows at which the memory is told. */
const MEMORY_ROWS = [100_000, 1_000_000];
const SAMPLE_MS = 200;
const MIB = 2 ** 20;
const CHILD = fileURLToPath(new URL('./runChild.js', import.meta.url));

export interface StartOptions {
  file: string;
  store: string;
  out: string;
  /** Where the start before it ended: what it holds before its first row is counted there. */
  fromRows?: number | undefined;
  /** Killed then, as by the out-of-memory killer. */
  killAfterMs?: number | undefined;
  /** Killed likewise once it tells something of which this is true. */
  killOnce?: ((progress: Progress) => boolean) | undefined;
  /** Of node. */
  flags?: readonly string[];
}

export async function startRun(options: StartOptions): Promise<Start> {
  const { file, store, out, fromRows = 0, killAfterMs, killOnce, flags = [] } = options;
  const told = `${out}-progress.json`;
  rmSync(told, { force: true });
  const startedMs = performance.now();
  const child = spawn(process.execPath, [...flags, CHILD, file, store, out, told], { stdio: 'inherit' });
  const ended = once(child, 'exit');
  const timer = killAfterMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfterMs);
  const memoryMiB: (number | null)[] = [null, ...MEMORY_ROWS.map(() => null)];
  let progress: Progress | null = null;
  while (child.exitCode === null && child.signalCode === null) {
    const anonymousMiB = anonymousOf(child.pid!);
    progress = readProgress(told) ?? progress;
    if (progress && killOnce?.(progress)) child.kill('SIGKILL');
    const rows = Math.max(fromRows, progress?.rows ?? 0);
    const at = MEMORY_ROWS.filter((each) => each <= rows).length;
    memoryMiB[at] = larger(memoryMiB[at] ?? null, anonymousMiB);
    await Promise.race([ended, delay(SAMPLE_MS)]);
  }
  clearTimeout(timer);
  const isEnded = child.exitCode === 0;
  if (!isEnded && killAfterMs === undefined && !killOnce)
    throw new Error(`the run ended with ${child.exitCode}`);
  return {
    wallS: (performance.now() - startedMs) / 1000,
    isEnded,
    memoryMiB,
    progress: readProgress(told),
  };
}

function readProgress(path: string): Progress | null {
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Progress) : null;
}

/** Anonymous memory: what a process holds beside the files that it maps. Null where the system does not tell. */
export function anonymousOf(pid: number): number | null {
  try {
    const kib = /^RssAnon:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kib === undefined ? null : (Number(kib) * 1024) / MIB;
  } catch {
    return null;
  }
}

/** All starts of one run together. Of the event loop the worst start counts. */
export interface Total {
  wallS: number;
  cpuS: number;
  /** The most up to 100,000 rows, up to 1,000,000 rows, and to the end, in all starts. */
  memoryMiB: (number | null)[];
  loopP99Ms: number;
  loopMaxMs: number;
  heldP99Ms: number | null;
  heldMaxMs: number | null;
}

export function totalOf(starts: readonly Start[]): Total {
  const told = starts.flatMap(({ progress }) => progress ?? []);
  const held = told.flatMap(({ heldUp }) => heldUp ?? []);
  return {
    wallS: sumOf(starts.map(({ wallS }) => wallS)),
    cpuS: sumOf(told.map(({ cpuS }) => cpuS)),
    memoryMiB: [...MEMORY_ROWS, Infinity].map((_, at) =>
      starts.flatMap(({ memoryMiB }) => memoryMiB.slice(0, at + 1)).reduce(larger, null),
    ),
    loopP99Ms: Math.max(...told.map(({ eventLoop }) => eventLoop.p99Ms)),
    loopMaxMs: Math.max(...told.map(({ eventLoop }) => eventLoop.maxMs)),
    heldP99Ms: held.length > 0 ? Math.max(...held.map(({ p99Ms }) => p99Ms)) : null,
    heldMaxMs: held.length > 0 ? Math.max(...held.map(({ maxMs }) => maxMs)) : null,
  };
}

function larger(one: number | null, other: number | null): number | null {
  return one === null || other === null ? (one ?? other) : Math.max(one, other);
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

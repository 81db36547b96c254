import type { Readable } from 'node:stream';
import type { Clock } from '../clock.js';
import { type GuardedGroup, spawnGuarded } from '../process/spawnGuarded.js';
import type { Files } from '../io/files/files.js';
import { createLineReader } from './metrics.js';

export interface FollowOptions {
  command: readonly string[];
  cwd: string;
  env: Readonly<Record<string, string | undefined>>;
  /** Gets every line that the trainer prints. */
  logPath: string;
  files: Files;
  clock: Clock;
  signal: AbortSignal;
  timeoutMs?: number | undefined;
  silentMs: number;
  stopGraceMs: number;
  /** Takes secrets out of a line. */
  clean: (line: string) => string;
  /** Before the trainer does anything that cannot be undone; `pid` is the guard's. */
  onStart: (pid: number) => Promise<void>;
  onLine: (line: string) => void;
}

export interface Followed {
  /** What ended it. */
  why: 'exit' | 'silent' | 'timeout' | 'cancelled';
  /** As of the program, 128 and the signal's number, or 127 where it cannot be started. */
  code: number;
  wallS: number;
  /** The last lines of the log. */
  tail: string;
}

const TAIL_LINES = 30;
const LAST_WORDS_MS = 1000;

/** Runs a trainer to its end, or stops its whole process group when it hangs, takes too long or is cancelled. Throws ERR_IO_WRITE. */
export async function followTrainer(options: FollowOptions): Promise<Followed> {
  const { files, clock, command, cwd, env, stopGraceMs, clean, onLine } = options;
  const log = await files.open(options.logPath, 'append');
  const tail: string[] = [];
  const startedMs = clock.nowMs();
  let heardMs = startedMs;
  async function hear(lines: readonly string[]): Promise<void> {
    heardMs = clock.nowMs();
    if (lines.length === 0) return;
    tail.push(...lines);
    tail.splice(0, tail.length - TAIL_LINES);
    lines.forEach(onLine);
    await log.write(new TextEncoder().encode(`${lines.join('\n')}\n`));
  }
  // Python holds back what it prints into a pipe, and losses would come late.
  const group = spawnGuarded(command, { cwd, graceMs: stopGraceMs, env: { PYTHONUNBUFFERED: '1', ...env } });
  const over = new AbortController();
  const exited = exitOf(group);
  const reading = Promise.all([group.stdout, group.stderr].map((stream) => readLines(stream, clean, hear)));
  // Whoever comes first tells; the other must not end the process.
  reading.catch(() => {});
  try {
    await options.onStart(group.pid!);
    const why = await Promise.race([
      exited.then(() => 'exit' as const),
      reading.then(() => exited).then(() => 'exit' as const),
      untilDue(options, startedMs, () => heardMs, over.signal),
    ]);
    if (why !== 'exit') group.stdin.end();
    const code = await exited;
    await Promise.race([reading, clock.sleep(LAST_WORDS_MS, over.signal)]);
    return { why, code, wallS: (clock.nowMs() - startedMs) / 1000, tail: tail.join('\n') };
  } finally {
    over.abort();
    group.stdin.end();
    await exited;
    // What left the group may still hold the pipes.
    group.stdout.destroy();
    group.stderr.destroy();
    await log.close().catch(() => {});
  }
}

function exitOf(group: GuardedGroup): Promise<number> {
  // Writing to a guard that is gone is no news: its exit is.
  group.stdin.on('error', () => {});
  return new Promise((resolve, reject) => {
    group.on('exit', (code) => resolve(code ?? 1));
    group.on('error', reject);
  });
}

/** The trainer waits while its lines are written. */
async function readLines(
  stream: Readable,
  clean: (line: string) => string,
  hear: (lines: readonly string[]) => Promise<void>,
): Promise<void> {
  const lines: string[] = [];
  const reader = createLineReader((line) => lines.push(clean(line)));
  stream.setEncoding('utf8');
  try {
    for await (const chunk of stream) {
      reader.read(chunk as string);
      await hear(lines.splice(0));
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
  }
  reader.end();
  await hear(lines);
}

/** Resolves when the trainer must be stopped, and why; never, once it is over. */
async function untilDue(
  { clock, signal, timeoutMs = Infinity, silentMs }: FollowOptions,
  startedMs: number,
  heardMs: () => number,
  over: AbortSignal,
): Promise<'silent' | 'timeout' | 'cancelled'> {
  const either = AbortSignal.any([signal, over]);
  for (;;) {
    const nowMs = clock.nowMs();
    const silentAtMs = heardMs() + silentMs;
    const lateAtMs = startedMs + timeoutMs;
    if (nowMs >= lateAtMs) return 'timeout';
    if (nowMs >= silentAtMs) return 'silent';
    try {
      // Node's timers hold no more than 2^31 - 1 ms.
      await clock.sleep(Math.min(silentAtMs - nowMs, lateAtMs - nowMs, 2 ** 31 - 1), either);
    } catch {
      if (over.aborted) return new Promise(() => {});
      return 'cancelled';
    }
  }
}

import type { Clock } from '../clock.js';
import { spawnGuarded } from '../process/spawnGuarded.js';

export interface LocalWorkersOptions {
  count: number;
  /** The program of one worker, and its arguments. */
  command: readonly string[];
  env: Readonly<Record<string, string | undefined>>;
  clock: Clock;
  onEnded?: (lastLine: string) => void;
}

export interface LocalWorkers {
  close(): Promise<void>;
}

const GRACE_MS = 2_000;
const RESTART_FIRST_MS = 500;
const RESTART_MAX_MS = 30_000;
/** One that has lived so long is started again at once. */
const SOUND_MS = 30_000;
const LINE_CHARS_MAX = 500;

/** Keeps so many worker processes on this machine. One that ends is started again, later each time; all end with this process. */
export function startLocalWorkers({
  count,
  command,
  env,
  clock,
  onEnded,
}: LocalWorkersOptions): LocalWorkers {
  const closing = new AbortController();

  async function keep(): Promise<void> {
    let waitMs = RESTART_FIRST_MS;
    while (!closing.signal.aborted) {
      const startedMs = clock.nowMs();
      const { code, lastLine } = await runOnce();
      if (closing.signal.aborted || code === 0) return;
      onEnded?.(lastLine);
      waitMs = clock.nowMs() - startedMs > SOUND_MS ? RESTART_FIRST_MS : Math.min(2 * waitMs, RESTART_MAX_MS);
      await clock.sleep(waitMs, closing.signal).catch(() => {});
    }
  }

  async function runOnce(): Promise<{ code: number | null; lastLine: string }> {
    const group = spawnGuarded(command, { env, graceMs: GRACE_MS });
    let tail = '';
    group.stdout.resume();
    group.stderr.setEncoding('utf8').on('data', (text: string) => {
      tail = (tail + text).slice(-LINE_CHARS_MAX);
    });
    // It may have ended already.
    group.stdin.on('error', () => {});
    const stop = (): void => void group.stdin.end();
    closing.signal.addEventListener('abort', stop);
    const code = await new Promise<number | null>((resolve) => {
      group.on('error', () => resolve(null));
      group.on('close', resolve);
    });
    closing.signal.removeEventListener('abort', stop);
    return { code, lastLine: tail.trim().split('\n').at(-1) ?? '' };
  }

  const kept = Array.from({ length: count }, keep);
  return {
    async close() {
      closing.abort();
      await Promise.all(kept);
    },
  };
}

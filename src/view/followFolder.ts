import { join } from 'node:path';
import type { Clock } from '../clock.js';
import type { Files } from '../io/files/files.js';
import { LOG_FILE } from '../io/runFolder/runLog.js';
import { readCommittedRows } from '../run/diff/readRun.js';
import type { RunEvent } from '../run/events.js';
import type { Feed } from './feed.js';

const POLL_MS = 1000;
/** So much of the log is read when the page begins; a long run has more, and its last lines matter. */
const TAIL_BYTES = 1 << 20;

/**
 * Feeds what the log of a run folder says, as it is written by whichever process runs the run: it may be killed, and another one may go
 * on. Resolves once the log has been read to its end; the following goes on until `signal`.
 */
export async function followFolder(
  folder: string,
  feed: Feed,
  { files, clock, signal }: { files: Files; clock: Clock; signal: AbortSignal },
): Promise<void> {
  const log = logReader(files, join(folder, LOG_FILE));
  let isBegun = false;
  const look = async (): Promise<void> => {
    const entries = await log.read();
    for (const [number, { event, at }] of entries.entries()) {
      // The beginning of a long log is not read.
      if (number === 0 && !isBegun && event.event !== 'started')
        feed.take(await flowingOf(files, folder, startBefore(entries)), at);
      isBegun = true;
      feed.take(event, at);
      if (event.event === 'started') feed.take(await flowingOf(files, folder, NOTHING), at);
      if (event.event === 'resumed') feed.take(await flowingOf(files, folder, event), at);
    }
  };
  await look();
  void poll(look, clock, signal);
}

async function poll(look: () => Promise<void>, { sleep }: Clock, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await sleep(POLL_MS, signal).catch(() => {});
    // A folder that is moved away while it is looked at has nothing new.
    if (!signal.aborted) await look().catch(() => {});
  }
}

interface Start {
  /** The first source position. */
  from: number;
  /** Rows that earlier starts have committed. */
  kept: number;
}

const NOTHING: Start = { from: 0, kept: 0 };

/** Where the start began of which a log tells the end, by its first measurement. */
function startBefore(entries: readonly LogEntry[]): Start {
  const measured = entries.map(({ event }) => event).find((event) => event.event === 'measured');
  if (!measured) return NOTHING;
  const { kept, watermark, steps } = measured;
  const counts = Object.values(steps);
  const own = counts.at(-1)?.kept ?? 0;
  const lost = counts.reduce((sum, { dropped, rejected }) => sum + dropped + rejected, 0);
  return { from: Math.max(0, watermark - own - lost), kept: Math.max(0, kept - own) };
}

/** What a run says when rows begin to flow, which its log has not. */
async function flowingOf(files: Files, folder: string, { from, kept }: Start): Promise<RunEvent> {
  const { steps, run } = await readCommittedRows(files, folder);
  const target = Number(run.parts['target']);
  const limit = Number(run.parts['limit']);
  return {
    ...{ event: 'flowing', from, kept, models: [], steps },
    ...(Number.isFinite(target) ? { target } : {}),
    ...(Number.isFinite(limit) ? { limit } : {}),
  };
}

interface LogEntry {
  at: string;
  event: RunEvent;
}

function logReader(files: Files, path: string): { read(): Promise<LogEntry[]> } {
  let offset = 0;
  return {
    async read() {
      const size = (await files.stat(path))?.sizeBytes ?? 0;
      // Written anew, or cut where a kill had left half a line.
      if (size < offset) offset = 0;
      if (size === offset) return [];
      const from = offset === 0 ? Math.max(0, size - TAIL_BYTES) : offset;
      const file = await files.open(path, 'read');
      try {
        const bytes = Buffer.from(await file.read(from, size - from));
        const whole = bytes.lastIndexOf(10) + 1;
        offset = from + whole;
        return bytes.toString('utf8', 0, whole).split('\n').flatMap(entryOf);
      } finally {
        await file.close();
      }
    },
  };
}

function entryOf(line: string): LogEntry[] {
  try {
    const { at, check: _, ...event } = JSON.parse(line) as { at: string; check: string; event: string };
    return typeof at === 'string' && typeof event.event === 'string'
      ? [{ at, event: event as RunEvent }]
      : [];
  } catch {
    return [];
  }
}

import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { ScaleQuestError } from '../../errors.js';
import type { Clock } from '../../clock.js';
import { printableLine } from '../../text/printable.js';
import { REPLICA_FILE_PERIOD_MS } from '../limits.js';

/**
 * A file that lists the servers of a model, one url a line. Jobs on a cluster write theirs into it when they answer, and take it
 * out when they end; a run reads it again and again. Empty lines count nothing, nor does what stands behind a `#`.
 */
export interface ReplicaFile {
  /** Absolute. */
  path: string;
  /** Says what is wrong with a url; null if nothing is. */
  faultOf: (url: string) => string | null;
  /** How the pool writes it. */
  toUrl: (url: string) => string;
}

export interface ListedReplicas {
  /** Each once, in the order of the file. */
  urls: string[];
  /** Lines that name no server. */
  faults: { line: number; message: string }[];
}

const SHOWN_CHARS_MAX = 100;

export function parseReplicas(text: string, { faultOf, toUrl }: ReplicaFile): ListedReplicas {
  const urls = new Set<string>();
  const faults: ListedReplicas['faults'] = [];
  text.split('\n').forEach((raw, at) => {
    const line = raw.replace(/(^|\s)#.*$/, '').trim();
    if (line === '') return;
    const fault = faultOf(line);
    if (fault === null) urls.add(toUrl(line));
    else faults.push({ line: at + 1, message: `found ${printableLine(line, SHOWN_CHARS_MAX)}, ${fault}` });
  });
  return { urls: [...urls], faults };
}

/**
 * The servers that a file lists now; none if it is not there yet. Throws ERR_MODEL_LOAD for a file that cannot be read, or has a
 * line that names no server.
 */
export function loadReplicas(name: string, file: ReplicaFile): string[] {
  let text = '';
  try {
    text = readFileSync(file.path, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return [];
    throw new ScaleQuestError('ERR_MODEL_LOAD', `model ${name}: cannot read replicasFile: ${message}`);
  }
  const { urls, faults } = parseReplicas(text, file);
  const [first] = faults;
  if (first === undefined) return urls;
  throw new ScaleQuestError(
    'ERR_MODEL_LOAD',
    `model ${name}: ${file.path}:${first.line}: ${first.message}; expected the base of a server’s API on each line`,
  );
}

export interface FollowDeps {
  clock: Clock;
  /** Ends it. */
  signal: AbortSignal;
  /** Rejects where the file is not there. */
  read?: (path: string) => Promise<string>;
}

/**
 * Reads the file twice a second until the signal comes, and hands on each list that is new. A text counts once two readings in a
 * row have found it: somebody may be writing. While the file cannot be read, the list stays; so do servers whose lines are good
 * beside one that is not.
 */
export async function followReplicas(
  file: ReplicaFile,
  { clock, signal, read = (path) => readFile(path, 'utf8') }: FollowDeps,
  onListed: (listed: ListedReplicas) => void,
): Promise<void> {
  let used: string | null = null;
  let before: string | null = null;
  while (!signal.aborted) {
    const text = await read(file.path).catch(() => null);
    if (signal.aborted) return;
    if (text !== null && text === before && text !== used) {
      used = text;
      onListed(parseReplicas(text, file));
    }
    before = text;
    await clock.sleep(REPLICA_FILE_PERIOD_MS, signal).catch(() => undefined);
  }
}

import { readFileSync, readdirSync, statSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ScaleQuestError } from '../../errors.js';
import type { Clock } from '../../clock.js';
import { printableLine } from '../../text/printable.js';
import { REPLICA_LIST_PERIOD_MS } from '../limits.js';

/**
 * A text file that lists the servers of a model, one url a line, or a folder of such files. Jobs on a cluster put a file of their
 * own there when their server answers, and remove it before they end; a run reads the list again and again. Empty lines count
 * nothing, nor does what stands behind a `#`, nor files whose name begins with a dot.
 */
export interface ReplicaList {
  /** Absolute. */
  path: string;
  /** Says what is wrong with a url; null if nothing is. */
  faultOf: (url: string) => string | null;
  /** How the pool writes it. */
  toUrl: (url: string) => string;
}

export interface ListedReplicas {
  /** Each once, in the order of the list. */
  urls: string[];
  /** Lines that name no server. */
  faults: { line: number; message: string }[];
}

const SHOWN_CHARS_MAX = 100;

export function parseReplicas(text: string, { faultOf, toUrl }: ReplicaList): ListedReplicas {
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
 * The servers that are listed now; none if the list is not there yet. Throws ERR_MODEL_LOAD for a list that cannot be read, or
 * has a line that names no server.
 */
export function loadReplicas(name: string, list: ReplicaList): string[] {
  let text = '';
  try {
    text = readListSync(list.path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return [];
    throw new ScaleQuestError(
      'ERR_MODEL_LOAD',
      `model ${name}: cannot read what replicasFrom names: ${message}`,
    );
  }
  const { urls, faults } = parseReplicas(text, list);
  const [first] = faults;
  if (first === undefined) return urls;
  throw new ScaleQuestError(
    'ERR_MODEL_LOAD',
    `model ${name}: ${placeOf(list.path, first.line)}: ${first.message}; expected the base of a server’s API on each line`,
  );
}

/** Of a line in the files of a folder the number says nothing. */
function placeOf(path: string, line: number): string {
  return statSync(path).isDirectory() ? `a file of ${path}` : `${path}:${line}`;
}

const isListed = (name: string): boolean => !name.startsWith('.');

function readListSync(path: string): string {
  if (!statSync(path).isDirectory()) return readFileSync(path, 'utf8');
  const names = readdirSync(path).filter(isListed).sort();
  return names.map((name) => readFileSync(join(path, name), 'utf8')).join('\n');
}

async function readList(path: string): Promise<string> {
  const names = await readdir(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOTDIR') return null;
    throw error;
  });
  if (names === null) return readFile(path, 'utf8');
  const texts = names
    .filter(isListed)
    .sort()
    .map((name) => readFile(join(path, name), 'utf8'));
  return (await Promise.all(texts)).join('\n');
}

export interface FollowDeps {
  clock: Clock;
  /** Ends it. */
  signal: AbortSignal;
  /** Rejects where there is no list. */
  read?: (path: string) => Promise<string>;
}

/**
 * Reads the list twice a second until the signal comes, and hands on each list that is new. A text counts once two readings in a
 * row have found it: somebody may be writing. While the list cannot be read, the last one stays; so do servers whose lines are good
 * beside one that is not.
 */
export async function followReplicas(
  list: ReplicaList,
  { clock, signal, read = readList }: FollowDeps,
  onListed: (listed: ListedReplicas) => void,
): Promise<void> {
  let used: string | null = null;
  let before: string | null = null;
  while (!signal.aborted) {
    const text = await read(list.path).catch(() => null);
    if (signal.aborted) return;
    if (text !== null && text === before && text !== used) {
      used = text;
      onListed(parseReplicas(text, list));
    }
    before = text;
    await clock.sleep(REPLICA_LIST_PERIOD_MS, signal).catch(() => undefined);
  }
}

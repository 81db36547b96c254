import { pathToFileURL } from 'node:url';
import type { Clock } from '../clock.js';
import { ScaleQuestError } from '../errors.js';
import { keyRedactor } from '../text/redactKey.js';

/** A file of a repository. */
export interface RemoteFile {
  path: string;
  sizeBytes: number;
  /** SHA-256 of a large file. */
  sha256: string | undefined;
  /** Git's hash of a small one. */
  gitHash: string | undefined;
}

/** A change of a repository. */
export interface HubChange {
  title: string;
  /** Path in the repository → a file of this machine, or a text. */
  add: ReadonlyMap<string, { file: string } | { text: string }>;
  remove: readonly string[];
}

/** A data set repository of a hub. */
export interface HubRepo {
  /** Where people see it. */
  readonly url: string;
  /** Whether it is private; null where there is none. */
  visibility(): Promise<'private' | 'public' | null>;
  create(visibility: 'private' | 'public'): Promise<void>;
  files(): Promise<RemoteFile[]>;
  /** The beginning of a file, as text. */
  head(path: string): Promise<string>;
  /** Sends all, in one commit. Tried again after what may pass; large files that have come are not sent anew. */
  commit(change: HubChange, onSent: (path: string) => void): Promise<void>;
}

export interface HubDeps {
  /** `owner/name`. */
  repo: string;
  token: string;
  /** The address of the hub. */
  endpoint: string;
  clock: Clock;
  signal: AbortSignal;
  /** Told why a commit is tried again, and when. */
  onRetry: (reason: string, waitS: number) => void;
}

const HEAD_BYTES = 4096;
const TRIES_MAX = 6;
const WAIT_FIRST_MS = 1_000;
/** Any other answer would come again. */
const PASSING = [408, 425, 429, 500, 502, 503, 504];

/** Opens a repository, which need not be there yet. Its calls throw ERR_HUB_REFUSED and ERR_HUB_UNREACHABLE. */
export async function openHubRepo(deps: HubDeps): Promise<HubRepo> {
  const hub = await import('@huggingface/hub');
  const { repo, token, endpoint, clock, signal, onRetry } = deps;
  const at = { hubUrl: endpoint, accessToken: token };
  const named = { repo: { type: 'dataset' as const, name: repo }, ...at };
  const failed = failureOf(deps);

  async function retried<T>(work: () => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries++) {
      try {
        return await work();
      } catch (error) {
        signal.throwIfAborted();
        if (tries === TRIES_MAX || !mayPass(error)) throw failed(error);
        const waitMs = WAIT_FIRST_MS * 2 ** (tries - 1);
        onRetry(failed(error).message, waitMs / 1000);
        await clock.sleep(waitMs, signal);
      }
    }
  }

  return {
    url: `${endpoint}/datasets/${repo}`,
    visibility: () =>
      retried(async () => {
        try {
          return (await hub.datasetInfo({ name: repo, ...at })).private ? 'private' : 'public';
        } catch (error) {
          if (statusOf(error) === 404) return null;
          throw error;
        }
      }),
    create: (visibility) => retried(async () => void (await hub.createRepo({ ...named, visibility }))),
    files: () =>
      retried(async () => {
        const found: RemoteFile[] = [];
        for await (const { type, path, size, oid, lfs } of hub.listFiles({ ...named, recursive: true }))
          if (type === 'file') found.push({ path, sizeBytes: size, sha256: lfs?.oid, gitHash: oid });
        return found;
      }),
    head: (path) =>
      retried(async () => {
        const blob = await hub.downloadFile({ ...named, path });
        return blob ? blob.slice(0, HEAD_BYTES).text() : '';
      }),
    commit: (change, onSent) =>
      retried(async () => {
        const changes = hub.commitIter({
          ...{ ...named, title: change.title, operations: operationsOf(change), abortSignal: signal },
          // What is tested: plain uploads, which every hub takes.
          useXet: false,
        });
        for await (const event of changes)
          if (event.event === 'fileProgress' && event.state === 'uploading' && event.progress === 1)
            onSent(event.path);
      }),
  };
}

function operationsOf({ add, remove }: HubChange) {
  const added = [...add].map(([path, from]) => ({
    operation: 'addOrUpdate' as const,
    path,
    content: 'file' in from ? pathToFileURL(from.file) : new Blob([from.text]),
  }));
  return [...added, ...remove.map((path) => ({ operation: 'delete' as const, path }))];
}

function statusOf(error: unknown): number | undefined {
  return (error as { statusCode?: number }).statusCode;
}

/** A connection that breaks has no status. */
function mayPass(error: unknown): boolean {
  const status = statusOf(error);
  return status === undefined ? isConnection(error) : PASSING.includes(status);
}

function isConnection(error: unknown): boolean {
  return error instanceof TypeError && error.message === 'fetch failed';
}

/** What a person can do about it. */
const ADVICE = new Map<number, string>([
  [401, 'expected a token that the hub knows. Make one that may write, and set HF_TOKEN'],
  [403, 'expected a token that may write there. Make one with that right, or name a repository of your own'],
  [404, 'expected a repository, or the right to make one there. Look at the name'],
  [409, 'expected a name that is free'],
  [413, 'expected files that the hub takes. Make smaller ones with output.shardRows'],
]);

function failureOf({ repo, token, endpoint }: HubDeps): (error: unknown) => ScaleQuestError {
  const clean = keyRedactor(token);
  return (error) => {
    if (error instanceof ScaleQuestError) return error;
    const status = statusOf(error);
    const { message, cause } = error as Error;
    const said = clean(cause instanceof Error ? `${message}: ${cause.message}` : message);
    // The error of the library holds what was sent.
    if (status === undefined && isConnection(error))
      return new ScaleQuestError(
        'ERR_HUB_UNREACHABLE',
        `found no answer from ${endpoint} for ${repo} (${said}), expected a hub there. The same command goes on with what has come`,
      );
    const advice =
      ADVICE.get(status ?? 0) ?? 'expected it to take the files. The same command goes on with what has come';
    return new ScaleQuestError(
      'ERR_HUB_REFUSED',
      `${endpoint} refuses ${repo}: found ${status ?? 'an answer'} (${said}), ${advice}`,
    );
  };
}

import { ScaleQuestError } from '../../errors.js';
import { keyRedactor } from '../../text/redactKey.js';
import type { Files, OpenFile } from '../files/files.js';
import type { HubAccess } from './hubAccess.js';

/** A data set of a hub at one commit. Its files are read by ranges. */
export interface HubDataset {
  /** The commit, 40 hexadecimal digits. */
  readonly commit: string;
  /** Paths in the repository, in the order of the hub. */
  list(): Promise<readonly string[]>;
  /** The name under which `files` has a file: it tells data set and commit, for messages. */
  nameOf(path: string): string;
  /** Opens files by these names, for reading alone. */
  readonly files: Files;
}

/** What is named of it. */
export interface HubAddress {
  /** `owner/name`. */
  dataset: string;
  /** A branch, a tag or a commit. */
  revision: string;
}

const TRIES_MAX = 6;
const WAIT_FIRST_MS = 1_000;
/** A hub that says when it takes the next request may say more than anybody waits. */
const WAIT_MAX_MS = 300_000;
/** Any other answer would come again. */
const PASSING = [408, 425, 429, 500, 502, 503, 504];
const COMMIT = /^[0-9a-f]{40}$/;

/**
 * Opens a data set at the commit that its pin says, else at the one that its revision is now. Throws ERR_HUB_REFUSED,
 * ERR_HUB_UNREACHABLE.
 */
export async function openHubDataset(address: HubAddress, access: HubAccess): Promise<HubDataset> {
  const hub = await import('@huggingface/hub');
  const { dataset } = address;
  const repo = { type: 'dataset' as const, name: dataset };
  const { endpoint, token } = access;
  const call = caller(address, access);
  const at = { hubUrl: endpoint, ...(token === undefined ? {} : { accessToken: token }), fetch: call.fetch };
  const commit = await pinnedCommit(access, () =>
    call.again(async () => {
      if (COMMIT.test(address.revision)) return address.revision;
      const { sha } = await hub.datasetInfo({
        ...{ name: dataset, revision: address.revision, additionalFields: ['sha' as const] },
        ...at,
      });
      if (COMMIT.test(sha)) return sha;
      throw new HubFault(undefined, `it names no commit for ${address.revision}`);
    }),
  );
  const prefix = `hf://datasets/${dataset}@${commit.slice(0, 12)}/`;
  const sizes = new Map<string, number>();

  async function list(): Promise<readonly string[]> {
    const found = await call.again(async () => {
      const entries: { path: string; size: number }[] = [];
      for await (const { type, path, size } of hub.listFiles({
        repo,
        revision: commit,
        recursive: true,
        ...at,
      }))
        if (type === 'file') entries.push({ path, size });
      return entries;
    });
    for (const { path, size } of found) sizes.set(path, size);
    return found.map(({ path }) => path);
  }

  async function open(name: string): Promise<OpenFile> {
    const path = name.slice(prefix.length);
    const size = sizes.get(path)!;
    const written = path.split('/').map(encodeURIComponent).join('/');
    const url = `${endpoint}/datasets/${dataset}/resolve/${commit}/${written}`;
    // Plain ranges, which every hub and mirror takes; all that the library would ask first is known.
    const blob = await hub.downloadFile({
      ...{ repo, path, revision: commit, xet: false, downloadInfo: { url, size, etag: '' }, ...at },
    });
    return {
      ...NOT_WRITTEN,
      read: (positionBytes, lengthBytes) => readRange(blob!, size, positionBytes, lengthBytes, call.again),
      close: async () => {},
    };
  }

  return {
    commit,
    list,
    nameOf: (path) => `${prefix}${path}`,
    files: {
      ...NO_FILES,
      open,
      stat: async (name) => {
        const sizeBytes = sizes.get(name.slice(prefix.length));
        return sizeBytes === undefined ? null : { sizeBytes, isFolder: false };
      },
    },
  };
}

async function pinnedCommit({ pin }: HubAccess, find: () => Promise<string>): Promise<string> {
  const pinned = await pin?.read();
  if (pinned) return pinned;
  const commit = await find();
  await pin?.write(commit);
  return commit;
}

async function readRange(
  blob: Blob,
  sizeBytes: number,
  position: number,
  length: number,
  again: <T>(work: () => Promise<T>) => Promise<T>,
): Promise<Uint8Array> {
  const end = Math.min(position + length, sizeBytes);
  if (end <= position) return new Uint8Array(0);
  return again(async () => {
    const bytes = new Uint8Array(await blob.slice(position, end).arrayBuffer());
    if (bytes.length === end - position) return bytes;
    const found = `it sent ${bytes.length} bytes of the range ${position}-${end - 1}`;
    throw new HubFault(undefined, found);
  });
}

/** What a hub answers instead of what was asked for. */
class HubFault extends Error {
  readonly status: number | undefined;
  /** The hub’s own word for it, as `GatedRepo`. */
  readonly word: string | undefined;
  /** When it takes the next request. */
  readonly afterMs: number | undefined;

  constructor(status: number | undefined, message: string, more: { word?: string; afterMs?: number } = {}) {
    super(message);
    this.status = status;
    this.word = more.word;
    this.afterMs = more.afterMs;
  }
}

interface Caller {
  fetch: typeof fetch;
  /** Tried again after what may pass. */
  again<T>(work: () => Promise<T>): Promise<T>;
}

function caller(address: HubAddress, access: HubAccess): Caller {
  const { clock, signal, onRetry } = access;

  async function asked(url: Parameters<typeof fetch>[0], init?: RequestInit): Promise<Response> {
    const response = await fetch(url, { ...init, ...(signal ? { signal } : {}) });
    if (response.ok) return response;
    const word = response.headers.get('x-error-code') ?? undefined;
    const said = response.headers.get('x-error-message') ?? saidIn(await response.text());
    const afterMs = retryAfterMs(response.headers.get('retry-after'));
    throw new HubFault(response.status, said.trim(), {
      ...(word === undefined ? {} : { word }),
      ...(afterMs === undefined ? {} : { afterMs }),
    });
  }

  return {
    fetch: asked,
    async again(work) {
      for (let tries = 1; ; tries++) {
        try {
          return await work();
        } catch (error) {
          signal?.throwIfAborted();
          const failure = failureOf(error, address, access);
          if (tries === TRIES_MAX || !mayPass(error)) throw failure;
          const askedMs = error instanceof HubFault ? error.afterMs : undefined;
          const waitMs = Math.min(WAIT_MAX_MS, askedMs ?? WAIT_FIRST_MS * 2 ** (tries - 1));
          onRetry?.(failure.message, waitMs / 1000);
          await clock.sleep(waitMs, signal);
        }
      }
    },
  };
}

/** The words of an answer: of its JSON, where it is that. */
function saidIn(text: string): string {
  const short = text.slice(0, SAID_CHARS_MAX);
  try {
    const { error } = JSON.parse(text) as { error?: unknown };
    return typeof error === 'string' ? error.slice(0, SAID_CHARS_MAX) : short;
  } catch {
    return short;
  }
}

const SAID_CHARS_MAX = 300;

function retryAfterMs(header: string | null): number | undefined {
  return header !== null && /^\d{1,6}$/.test(header) ? Number(header) * 1000 : undefined;
}

/** A connection that breaks, and a range that is cut off, have no status. */
function mayPass(error: unknown): boolean {
  if (error instanceof HubFault) return error.status === undefined || PASSING.includes(error.status);
  return error instanceof TypeError;
}

function failureOf(
  error: unknown,
  { dataset, revision }: HubAddress,
  { endpoint, token }: HubAccess,
): ScaleQuestError {
  if (error instanceof ScaleQuestError) return error;
  const clean = keyRedactor(token);
  if (error instanceof HubFault && error.status !== undefined) {
    const word = error.word === undefined ? '' : ` ${error.word}`;
    return new ScaleQuestError(
      'ERR_HUB_REFUSED',
      `${endpoint} refuses ${dataset} at ${revision}: found ${error.status}${word} (${clean(error.message)}), ${adviceFor(error, token)}`,
      { data: { status: error.status } },
    );
  }
  const { message, cause } = error as Error;
  const said = clean(cause instanceof Error ? `${message}: ${cause.message}` : message);
  return new ScaleQuestError(
    'ERR_HUB_UNREACHABLE',
    `found no whole answer from ${endpoint} for ${dataset} (${said}), expected a hub there; HF_ENDPOINT names another one`,
  );
}

function adviceFor({ status, word = '' }: HubFault, token: string | undefined): string {
  if (/gated/i.test(word) || (status === 403 && token !== undefined))
    return `expected access to it. Ask for it on the page of the data set${token === undefined ? ', and set HF_TOKEN' : ''}`;
  if (status === 401 || status === 403)
    return token === undefined
      ? 'expected a public data set. Look at its name, or set HF_TOKEN to a token that may read it'
      : 'expected a token that the hub knows and that may read it. Set HF_TOKEN';
  if (status === 404)
    return 'expected a data set with that revision. Look at both names; a set that the hub has not converted is read with `files`';
  if (status === 429)
    return 'expected it to take more requests. Wait, or set HF_TOKEN, whose limits are wider';
  return 'expected it to give the files. The same command goes on';
}

function notHere(): never {
  throw new ScaleQuestError(
    'ERR_INVARIANT',
    'found a change of a data set of a hub, expected to read it alone',
  );
}

const NOT_WRITTEN = { write: notHere, truncate: notHere, sync: notHere };
const NO_FILES = {
  ...{ rename: notHere, unlink: notHere, mkdir: notHere, readdir: notHere, syncFolder: notHere },
};

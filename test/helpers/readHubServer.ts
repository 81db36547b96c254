import { once } from 'node:events';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A hub on this machine that gives data sets: revisions, lists of files in pages, and ranges of files. */
export interface ReadHubServer {
  readonly url: string;
  readonly token: string;
  /** `owner/name` → its revisions, and what each commit holds. */
  readonly sets: Map<string, HubSet>;
  readonly requests: string[];
  /** Bytes of files that were sent. */
  bytesSent: number;
  /** Looks at each request before the hub: a status refuses it, `cut` ends its connection. */
  fault: ((request: string) => number | 'cut' | undefined) | undefined;
  close(): Promise<void>;
}

export interface HubSet {
  access: 'public' | 'private' | 'gated';
  /** Branch or tag → commit. */
  refs: Map<string, string>;
  commits: Map<string, Map<string, Buffer>>;
}

/** Files a page of a list. */
const PAGE = 2;

export async function startReadHubServer(): Promise<ReadHubServer> {
  const state: ReadHubServer = {
    ...{
      url: '',
      token: 'hf_readtoken0123456789',
      sets: new Map(),
      requests: [],
      bytesSent: 0,
      fault: undefined,
    },
    close: () => Promise.resolve(),
  };
  const server = createServer((request, response) => answer(state, request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return Object.assign(state, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}

export function addSet(
  { sets }: ReadHubServer,
  name: string,
  files: Readonly<Record<string, Buffer | string>>,
  { ref = 'main', commit = 'a'.repeat(40), access = 'public' as HubSet['access'] } = {},
): void {
  const set = sets.get(name) ?? { access, refs: new Map(), commits: new Map() };
  set.refs.set(ref, commit);
  set.commits.set(
    commit,
    new Map(Object.entries(files).map(([path, content]) => [path, Buffer.from(content as Buffer)])),
  );
  sets.set(name, set);
}

function answer(state: ReadHubServer, request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url!, 'http://hub');
  const parts = url.pathname.split('/').map(decodeURIComponent);
  const named = parts.join('/');
  state.requests.push(named);
  const fault = state.fault?.(named);
  if (fault === 'cut') return void request.socket.destroy();
  if (fault !== undefined) return refuse(response, fault, `Planted${fault}`);
  const isApi = parts[1] === 'api';
  const [owner, name, call, revision, ...path] = parts.slice(isApi ? 3 : 2);
  const set = state.sets.get(`${owner}/${name}`);
  const isKnown = request.headers.authorization === `Bearer ${state.token}`;
  if (request.headers.authorization !== undefined && !isKnown) return refuse(response, 401, 'InvalidToken');
  // A hub does not tell strangers whether a set is there.
  if (!set || (set.access === 'private' && !isKnown))
    return refuse(response, isKnown ? 404 : 401, 'RepoNotFound');
  if (set.access === 'gated' && !isApi) return refuse(response, isKnown ? 403 : 401, 'GatedRepo');
  const commit = set.refs.get(revision!) ?? revision!;
  const files = set.commits.get(commit);
  if (!files) return refuse(response, 404, 'RevisionNotFound');
  if (call === 'revision') return sendJson(response, { _id: '1', id: `${owner}/${name}`, sha: commit });
  if (call === 'tree') return sendTree(state, url, [...files], response);
  const file = files.get(path.join('/'));
  if (!file) return refuse(response, 404, 'EntryNotFound');
  sendRange(state, file, request.headers.range, response);
}

function sendTree(state: ReadHubServer, url: URL, files: [string, Buffer][], response: ServerResponse): void {
  const from = Number(url.searchParams.get('cursor') ?? 0);
  const page = files.slice(from, from + PAGE);
  url.searchParams.set('cursor', `${from + PAGE}`);
  const link = `<${state.url}${url.pathname}${url.search}>; rel="next"`;
  const entries = page.map(([path, { length }]) => ({ type: 'file', path, size: length, oid: '1' }));
  sendJson(response, entries, from + PAGE < files.length ? { link } : {});
}

function sendRange(
  state: ReadHubServer,
  file: Buffer,
  range: string | undefined,
  response: ServerResponse,
): void {
  const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(range ?? '') ?? [];
  const bytes = from === undefined ? file : file.subarray(Number(from), Number(to) + 1);
  state.bytesSent += bytes.length;
  response.writeHead(from === undefined ? 200 : 206, { 'content-length': bytes.length });
  response.end(bytes);
}

function sendJson(response: ServerResponse, value: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(200, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(value));
}

function refuse(response: ServerResponse, status: number, word: string): void {
  response.writeHead(status, {
    'content-type': 'application/json',
    'x-error-code': word,
    'retry-after': '2',
  });
  response.end(JSON.stringify({ error: `refused as ${word}` }));
}

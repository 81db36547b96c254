import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A hub on this machine that keeps repositories in memory and speaks what pushes need of the protocol: Git LFS, plain and in parts. */
export interface HubServer {
  readonly url: string;
  readonly token: string;
  /** `owner/name` → its files. */
  readonly repos: Map<string, HubServerRepo>;
  /** Method and path of each request, without what stands behind `?`. */
  readonly requests: string[];
  /** All bytes of all bodies that came, but for large files. */
  readonly bodies: string[];
  /** Looks at each request before the hub: a status refuses it, `cut` ends its connection. */
  fault: ((request: string) => number | 'cut' | undefined) | undefined;
  close(): Promise<void>;
}

export interface HubServerRepo {
  isPrivate: boolean;
  files: Map<string, Buffer>;
  commits: number;
}

interface State extends HubServer {
  lfs: Map<string, Buffer>;
  parts: Map<string, Map<number, Buffer>>;
  partBytes: number;
  fileBytesMax: number;
}

/** `partBytes`: larger files are sent in parts of that size. */
export async function startHubServer({
  partBytes = Infinity,
  fileBytesMax = Infinity,
} = {}): Promise<HubServer> {
  const state: State = {
    ...{
      url: '',
      token: 'hf_testtoken0123456789',
      repos: new Map(),
      requests: [],
      bodies: [],
      fault: undefined,
    },
    ...{ lfs: new Map(), parts: new Map(), partBytes, fileBytesMax },
    close: () => Promise.resolve(),
  };
  const server: Server = createServer((request, response) => void answer(state, request, response));
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

function send(
  response: ServerResponse,
  status: number,
  body?: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(body === undefined ? '' : JSON.stringify(body));
}

async function answer(state: State, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = decodeURIComponent(request.url!.split('?')[0]!);
  const named = `${request.method} ${path}`;
  state.requests.push(named);
  const fault = state.fault?.(named);
  if (fault === 'cut') return void request.socket.destroy();
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  if (fault !== undefined) return send(response, fault, { error: `planted ${fault}` });
  if (path.startsWith('/lfs/')) return storeLarge(state, named, path, body, response);
  state.bodies.push(body.toString());
  if (request.headers.authorization !== `Bearer ${state.token}`)
    return send(response, 401, { error: 'Invalid username or password.' });
  if (named === 'POST /api/repos/create') return create(state, body, response);
  return answerRepo(state, named, body, request.headers.range, response);
}

function create({ repos, url }: State, body: Buffer, response: ServerResponse): void {
  const { name, organization, visibility, type } = JSON.parse(body.toString()) as Record<string, string>;
  const repo = `${organization}/${name}`;
  if (type !== 'dataset') return send(response, 400, { error: 'expected a data set' });
  if (organization === 'others') return send(response, 403, { error: 'You do not have the rights' });
  if (repos.has(repo)) return send(response, 409, { error: 'You already created this dataset repo' });
  const attributes = Buffer.from('*.parquet filter=lfs diff=lfs merge=lfs -text\n');
  repos.set(repo, {
    isPrivate: visibility === 'private',
    files: new Map([['.gitattributes', attributes]]),
    commits: 0,
  });
  send(response, 200, { url: `${url}/datasets/${repo}` });
}

function answerRepo(
  state: State,
  named: string,
  body: Buffer,
  range: string | undefined,
  response: ServerResponse,
): void {
  const found = /^(\w+) (?:\/api)?\/datasets\/([\w.-]+\/[\w.-]+?)(?:\.git)?\/(.+)$/.exec(named);
  const repo = state.repos.get(found?.[2] ?? '');
  if (!found || !repo) return send(response, 404, { error: 'Repository not found' });
  const [, method, name, call] = found;
  if (call === 'revision/HEAD')
    return send(response, 200, { _id: '1', id: name, private: repo.isPrivate, lastModified: new Date(0) });
  if (call!.startsWith('tree/main')) return send(response, 200, [...repo.files].map(treeEntry));
  if (call!.startsWith('preupload/main')) {
    const { files } = JSON.parse(body.toString()) as { files: { path: string }[] };
    const modes = files.map(({ path }) => ({
      path,
      uploadMode: path.endsWith('.parquet') ? 'lfs' : 'regular',
    }));
    return send(response, 200, { files: modes });
  }
  if (call === 'info/lfs/objects/batch') return offer(state, body, response);
  if (method === 'POST' && call!.startsWith('commit/main')) return commit(state, repo, body, response);
  const path = /^resolve\/main\/(.+)$/.exec(call!)?.[1];
  const file = path === undefined ? undefined : repo.files.get(path);
  if (!file) return send(response, 404, { error: 'Entry not found' });
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(range ?? '') ?? [];
  const start = Number(from ?? 0);
  const end = to ? Math.min(Number(to) + 1, file.length) : file.length;
  response.writeHead(range ? 206 : 200, {
    etag: `"${hashOf(file, 'sha256')}"`,
    'content-length': end - start,
    'content-range': `bytes ${start}-${end - 1}/${file.length}`,
  });
  response.end(file.subarray(start, end));
}

function hashOf(bytes: Buffer, kind: 'sha1' | 'sha256'): string {
  return createHash(kind).update(bytes).digest('hex');
}

function treeEntry([path, bytes]: [string, Buffer]): object {
  const gitHash = hashOf(Buffer.concat([Buffer.from(`blob ${bytes.length}\0`), bytes]), 'sha1');
  const entry = { type: 'file', path, size: bytes.length, oid: gitHash };
  return path.endsWith('.parquet')
    ? { ...entry, lfs: { oid: hashOf(bytes, 'sha256'), size: bytes.length } }
    : entry;
}

/** What is here already is not asked for. */
function offer({ lfs, url, partBytes, fileBytesMax }: State, body: Buffer, response: ServerResponse): void {
  const { objects } = JSON.parse(body.toString()) as { objects: { oid: string; size: number }[] };
  const offered = objects.map(({ oid, size }) => {
    if (lfs.has(oid)) return { oid, size };
    if (size > fileBytesMax) return { oid, size, error: { code: 413, message: 'the file is too large' } };
    const parts = Math.ceil(size / partBytes);
    const href = `${url}/lfs/${oid}`;
    if (parts <= 1) return { oid, size, actions: { upload: { href } } };
    const urls = Array.from({ length: parts }, (_, at): [string, string] => [
      `${at + 1}`,
      `${href}/${at + 1}`,
    ]);
    const header = { chunk_size: `${partBytes}`, ...Object.fromEntries(urls) };
    return { oid, size, actions: { upload: { href: `${href}/complete`, header } } };
  });
  send(response, 200, { transfer: partBytes === Infinity ? 'basic' : 'multipart', objects: offered });
}

function storeLarge(state: State, named: string, path: string, body: Buffer, response: ServerResponse): void {
  const [, , oid, part] = path.split('/');
  const own = state.parts.get(oid!) ?? new Map<number, Buffer>();
  if (part === undefined) {
    if (hashOf(body, 'sha256') !== oid) return send(response, 400, { error: 'another hash' });
    state.lfs.set(oid, body);
    return send(response, 200);
  }
  if (part !== 'complete') {
    state.parts.set(oid!, own.set(Number(part), body));
    return send(response, 200, undefined, { etag: `"${hashOf(body, 'sha1')}"` });
  }
  const { parts } = JSON.parse(body.toString()) as { parts: { partNumber: number; etag: string }[] };
  const whole = Buffer.concat(parts.map(({ partNumber }) => own.get(partNumber)!));
  if (named.startsWith('POST') && hashOf(whole, 'sha256') === oid) {
    state.lfs.set(oid, whole);
    return send(response, 200, { success: true });
  }
  send(response, 400, { error: 'another hash' });
}

interface CommitLine {
  key: 'header' | 'file' | 'lfsFile' | 'deletedFile';
  value: { path: string; content: string; oid: string };
}

function commit({ lfs, url }: State, repo: HubServerRepo, body: Buffer, response: ServerResponse): void {
  const lines = body
    .toString()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as CommitLine);
  const missing = lines.find(({ key, value }) => key === 'lfsFile' && !lfs.has(value.oid));
  if (missing) return send(response, 400, { error: `no object ${missing.value.oid}` });
  for (const { key, value } of lines) {
    if (key === 'file') repo.files.set(value.path, Buffer.from(value.content, 'base64'));
    if (key === 'lfsFile') repo.files.set(value.path, lfs.get(value.oid)!);
    if (key === 'deletedFile') repo.files.delete(value.path);
  }
  repo.commits += 1;
  send(response, 200, { success: true, commitOid: `${repo.commits}`, commitUrl: url, hookOutput: '' });
}

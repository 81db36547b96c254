import { isUtf8 } from 'node:buffer';
import type { Client, Dispatcher } from 'undici';
import { RowError, ScaleQuestError } from '../../errors.js';
import type { Clock } from '../../clock.js';
import { DEADLINE_TICK_MS, REPLY_BYTES_MAX } from '../limits.js';
import { type ConnectionStack, createConnections } from './connections.js';
import { type Unpacked, isCoded, unpacked } from './contentCoding.js';
import { type OpenItem, UNLISTED, createOpenSet } from './openSet.js';
import type { LastAnswer } from './retryPolicy.js';
import { TryFailure } from './tryFailure.js';

export interface HttpReply {
  status: number;
  /** The first value of a header, by its name in small letters. */
  header(name: string): string | undefined;
  text: string;
  /** False where the bytes are no UTF-8, so that the text has replacement characters which nobody wrote. */
  isUtf8?: boolean;
  /** The compression of a body that is not read here, as `zstd`; there is no text then. */
  unreadCoding?: string;
}

/** Looks on while a reply comes. */
export type OnData = (bytes: Buffer, contentType: string | undefined) => void;

export interface HttpClient {
  /**
   * Posts JSON to `path` under the url, and reads the whole reply, of any status. Redirects are not followed.
   * Rejects with a TryFailure (no connection, cut, too slow), with ERR_MODEL_UNREACHABLE or ERR_MODEL_PROTOCOL where
   * another try cannot help. `onData` is told the bytes of a plain reply (200, not compressed) as they come, with its type.
   */
  post(path: string, body: unknown, onData?: OnData): Promise<HttpReply>;
  /** Posts a body of another type, for example a form with a file. */
  postAs(path: string, contentType: string, body: string): Promise<HttpReply>;
  /** Gets a page of the server. `path` stands under the url; one that starts with `//` stands under the server's root. */
  get(path: string, timeoutMs: number): Promise<HttpReply>;
  /** Rejects all requests that are open or come later. Closes the connections that belong to this client alone. */
  destroy(): Promise<void>;
}

export interface HttpClientOptions {
  /** The base; `path` is appended. */
  url: string;
  headers: Readonly<Record<string, string>>;
  /** Connections to the server of `url` that several clients share; or how many this client may open for itself. */
  connections: ConnectionStack | number;
  /** For the whole of one request, from connecting to the last byte. */
  timeoutMs: number;
  /** Names the model and the server at the start of each message. */
  label: string;
  /** When the server last answered: a strange reply to the very first call means that the url is wrong. */
  lastAnswer: Readonly<LastAnswer>;
  clock: Clock;
}

/** What the calls of one client share. */
interface Shared {
  options: HttpClientOptions;
  connections: ConnectionStack;
  deadlines: Deadlines;
}

/**
 * Requests go through undici's `dispatch`, below its `request`. That saves a stream and an AbortSignal for each request, which
 * counts where the client shares its cores with the rest of the run.
 */
export function createHttpClient(options: HttpClientOptions): HttpClient {
  const { url, headers, timeoutMs } = options;
  const { origin, pathname } = new URL(url);
  const base = pathname.replace(/\/+$/, '');
  const own =
    typeof options.connections === 'number'
      ? createConnections({ origin, connectionsMax: options.connections, clock: options.clock })
      : null;
  const connections = own ?? (options.connections as ConnectionStack);
  const deadlines = createDeadlines(options, Math.min(DEADLINE_TICK_MS, timeoutMs));
  const shared: Shared = { options, connections, deadlines };
  const plainHeaders = { ...headers, 'accept-encoding': 'identity' };
  const postHeaders = {
    ...plainHeaders,
    'content-type': 'application/json',
    accept: 'application/json',
  };
  const streamHeaders = { ...postHeaders, accept: 'text/event-stream, application/json' };
  let isDestroyed = false;

  function send(
    request: Dispatcher.DispatchOptions,
    callTimeoutMs: number,
    onData?: OnData,
  ): Promise<HttpReply> {
    return new Promise((resolve, reject) => {
      const call = new Call(shared, callTimeoutMs, resolve, reject);
      if (onData) call.listener = onData;
      if (isDestroyed) return cut(call, 'closed', options);
      deadlines.watch(call);
      connections.use((connection) => {
        call.connection = connection;
        connection.dispatch(request, call);
      });
    });
  }

  return {
    post: (path, body, onData) =>
      send(
        {
          ...{ method: 'POST', path: base + path, body: JSON.stringify(body) },
          headers: onData ? streamHeaders : postHeaders,
        },
        timeoutMs,
        onData,
      ),
    postAs: (path, contentType, body) =>
      send(
        {
          ...{ method: 'POST', path: base + path, body },
          headers: { ...postHeaders, 'content-type': contentType },
        },
        timeoutMs,
      ),
    get: (path, getTimeoutMs) =>
      send(
        { method: 'GET', path: path.startsWith('//') ? path.slice(1) : base + path, headers: plainHeaders },
        getTimeoutMs,
      ),
    async destroy() {
      isDestroyed = true;
      deadlines.stop();
      await own?.destroy();
    },
  };
}

/**
 * One request in flight. What undici tells of it settles its promise. This is one object, where closures would be seven, for
 * each of a thousand requests. It must not hold its body, which would then live as long as the reply takes.
 */
class Call implements Dispatcher.DispatchHandler, OpenItem {
  index = UNLISTED;
  connection: Client | null = null;
  controller: Dispatcher.DispatchController | null = null;
  /** Why we gave the request up; null while we have not. */
  cut: 'late' | 'closed' | null = null;
  /** Few calls have one. */
  listener: OnData | null = null;
  readonly timeoutMs: number;
  readonly deadlineMs: number;
  readonly resolve: (reply: HttpReply) => void;
  readonly reject: (error: unknown) => void;
  readonly #shared: Shared;
  #status = 0;
  #headers: Record<string, string | string[] | undefined> = {};
  #first: Buffer | null = null;
  #more: Buffer[] | null = null;

  constructor(
    shared: Shared,
    timeoutMs: number,
    resolve: (reply: HttpReply) => void,
    reject: (error: unknown) => void,
  ) {
    this.#shared = shared;
    this.timeoutMs = timeoutMs;
    this.deadlineMs = shared.options.clock.nowMs() + timeoutMs;
    this.resolve = resolve;
    this.reject = reject;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
    if (this.cut) controller.abort(new Error(this.cut));
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    this.#status = status;
    this.#headers = headers;
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#first === null) this.#first = chunk;
    else (this.#more ??= [this.#first]).push(chunk);
    if (this.listener) this.#tell(this.listener, chunk);
  }

  onResponseEnd(): void {
    this.#end();
    const bytes = this.#more ? Buffer.concat(this.#more) : this.#first;
    const coding = firstOf(this.#headers['content-encoding']);
    if (bytes === null || !isCoded(coding, bytes)) return this.#read(bytes);
    void unpacked(coding, bytes).then((plain) => {
      if ('bytes' in plain) return this.#read(plain.bytes);
      if (plain.why === 'unknown') return this.#read(null, plain.coding);
      this.reject(codingFailure(plain, this.#shared.options));
    });
  }

  #tell(onData: OnData, chunk: Buffer): void {
    const isPlain = this.#status === 200 && this.#headers['content-encoding'] === undefined;
    if (isPlain && !this.cut) onData(chunk, firstOf(this.#headers['content-type']));
  }

  #read(bytes: Buffer | null, unreadCoding?: string): void {
    const headers = this.#headers;
    const text = bytes?.toString('utf8') ?? '';
    const header = (name: string): string | undefined => firstOf(headers[name]);
    const reply = { status: this.#status, header, text, isUtf8: bytes === null || isUtf8(bytes) };
    this.resolve(unreadCoding === undefined ? reply : { ...reply, unreadCoding });
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#end();
    this.reject(failureOf(this, this.#status, error, this.#shared.options));
  }

  #end(): void {
    const { deadlines, connections } = this.#shared;
    deadlines.forget(this);
    connections.free(this.connection!);
  }
}

function codingFailure(
  { coding, why }: Extract<Unpacked, { why: string }>,
  { label }: HttpClientOptions,
): Error {
  return why === 'tooLong'
    ? tooLongFailure(label, `sent a reply that unpacks (${coding}) to`)
    : new TryFailure('reply', `${label} sent a reply whose compression (${coding}) is damaged`);
}

function tooLongFailure(label: string, what: string): RowError {
  const message = `${label} ${what} more than ${REPLY_BYTES_MAX / 2 ** 20} MiB`;
  return new RowError('ROW_REPLY_INVALID', message, { mayDiffer: true });
}

function failureOf(call: Call, status: number, error: unknown, options: HttpClientOptions): Error {
  if (call.cut) return cutFailure(call, call.cut, options);
  return status > 0 ? bodyFailure(options.label, error) : connectionFailure(options, error);
}

interface Deadlines {
  watch(call: Call): void;
  forget(call: Call): void;
  /** Cuts all that is watched. */
  stop(): void;
}

/** Cuts the calls that are past their deadline, with one sleep at a time for all of them. */
function createDeadlines(options: HttpClientOptions, tickMs: number): Deadlines {
  const { clock } = options;
  const open = createOpenSet<Call>();
  const stopped = new AbortController();
  let isWatching = false;

  async function watchAll(): Promise<void> {
    isWatching = true;
    while (open.items.length > 0 && !stopped.signal.aborted) {
      await clock.sleep(tickMs, stopped.signal).catch(() => undefined);
      const nowMs = clock.nowMs();
      for (const call of open.items.filter(({ deadlineMs }) => deadlineMs <= nowMs)) cutWatched(call, 'late');
    }
    isWatching = false;
  }

  function cutWatched(call: Call, why: 'late' | 'closed'): void {
    open.remove(call);
    cut(call, why, options);
  }

  return {
    watch(call) {
      open.add(call);
      if (!isWatching) void watchAll();
    },
    forget: (call) => open.remove(call),
    stop() {
      for (const call of [...open.items]) cutWatched(call, 'closed');
      stopped.abort();
    },
  };
}

/** Rejects at once, also while the request waits for its connection. undici would wait for the connection's own timeout. */
function cut(call: Call, why: 'late' | 'closed', options: HttpClientOptions): void {
  call.cut = why;
  call.reject(cutFailure(call, why, options));
  call.controller?.abort(new Error(why));
}

function cutFailure(
  { timeoutMs, controller }: Call,
  why: 'late' | 'closed',
  { label }: HttpClientOptions,
): Error {
  if (why === 'closed') return new TryFailure('unreachable', `${label} was closed`);
  const within = `within ${timeoutMs / 1000} s`;
  return controller
    ? new TryFailure('timeout', `${label} did not answer ${within}`)
    : new TryFailure('unreachable', `${label} took no connection ${within}`);
}

function firstOf(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

function bodyFailure(label: string, error: unknown): Error {
  const code = codeOf(error);
  if (code === 'UND_ERR_RES_EXCEEDED_MAX_SIZE') return tooLongFailure(label, 'sent a reply of');
  return new TryFailure('reply', `${label} broke off its reply (${code})`, { cause: error });
}

/** Judges by the error's code alone, because messages differ between versions and languages. */
function connectionFailure({ label, url, lastAnswer }: HttpClientOptions, error: unknown): Error {
  const code = codeOf(error);
  const details = { cause: error };
  const { hostname } = new URL(url);
  if (['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'].includes(code)) {
    return new TryFailure('reset', `${label} cut the connection (${code})`, details);
  }
  // A host name that was never known is a mistake in the url. One that was known before is a fault in the network.
  if (code === 'ENOTFOUND' && lastAnswer.atMs === undefined) {
    return new ScaleQuestError(
      'ERR_MODEL_UNREACHABLE',
      `${label}: there is no host called ${hostname}; correct the url`,
      details,
    );
  }
  if (['EPROTO', 'ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_PACKET_LENGTH_TOO_LONG'].includes(code)) {
    return new ScaleQuestError(
      'ERR_MODEL_PROTOCOL',
      `${label} does not speak TLS (${code}); if it is a plain server, write http:// in the url`,
      details,
    );
  }
  if (isCertificateCode(code)) {
    return new ScaleQuestError(
      'ERR_MODEL_UNREACHABLE',
      `${label} has a certificate that is not trusted (${code}); correct the host in the url, or name the ` +
        'authority’s certificate in NODE_EXTRA_CA_CERTS',
      details,
    );
  }
  if (code === 'UND_ERR_HEADERS_OVERFLOW') {
    const found = `${label} sent headers of more than 16 KiB (${code})`;
    if (lastAnswer.atMs !== undefined) return new TryFailure('reply', found, details);
    const advice = 'correct the url, or let the gateway before the server send fewer';
    return new ScaleQuestError('ERR_MODEL_PROTOCOL', `${found}; ${advice}`, details);
  }
  if (code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH')
    return new TryFailure('reply', `${label} sent another length than it said (${code})`, details);
  // undici names the parser's error where it has no code of its own.
  if (code.startsWith('HPE_') || code === 'HTTPParserError') {
    if (lastAnswer.atMs !== undefined) {
      return new TryFailure('reply', `${label} sent something that is not HTTP (${code})`, details);
    }
    return new ScaleQuestError(
      'ERR_MODEL_PROTOCOL',
      `${label} does not speak HTTP (${code}); correct the port in the url, or write https:// if it is a TLS server`,
      details,
    );
  }
  return new TryFailure('unreachable', `${label} cannot be reached (${code})`, details);
}

/** OpenSSL's verification results, as Node passes them on. */
function isCertificateCode(code: string): boolean {
  return /^(ERR_TLS_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|HOSTNAME_MISMATCH|INVALID_CA)/.test(code);
}

function codeOf(error: unknown): string {
  const { code, name } = error as { code?: unknown; name?: string };
  return typeof code === 'string' ? code : (name ?? 'unknown error');
}

import { createRequire } from 'node:module';
import { z } from 'zod';
import type { Clock } from '../clock.js';
import { ScaleQuestError } from '../errors.js';
import { printableLine } from '../text/printable.js';

/** A job as Ray lists it. */
export interface RayJob {
  /** The id under which it was submitted; null for a job that no client submitted. */
  id: string | null;
  status: 'PENDING' | 'RUNNING' | 'STOPPED' | 'SUCCEEDED' | 'FAILED';
  /** What Ray says of the status. */
  message: string;
  /** What its submitter wrote on it. */
  metadata: Readonly<Record<string, string>>;
  /** Null while it runs, or where Ray does not know. */
  exitCode: number | null;
}

/** What is submitted. */
export interface RayJobRequest {
  /** Chosen by the submitter, so that a reply that is lost leaves no doubt. */
  id: string;
  /** A line for a shell on the head. */
  entrypoint: string;
  env: Readonly<Record<string, string>>;
  metadata: Readonly<Record<string, string>>;
}

/** The Jobs API of one cluster. Each call rejects with an ERR_CLUSTER code. */
export interface JobsApi {
  /** The version of Ray. Rejects where it has no Jobs API that can be used. */
  version(): Promise<string>;
  list(): Promise<RayJob[]>;
  submit(request: RayJobRequest): Promise<void>;
  /** Null where there is no such job. */
  job(id: string): Promise<RayJob | null>;
  /** All that the job has written so far. */
  log(id: string): Promise<string>;
  /** Asks it to end, as SIGTERM does. */
  stop(id: string): Promise<void>;
}

export interface JobsApiOptions {
  /** Scheme, host and port of the dashboard, and a path where a proxy has one. */
  address: string;
  /** Sent with each request; never shown. */
  headers: Readonly<Record<string, string>>;
  clock: Clock;
  /** How long one request may take. */
  timeoutMs?: number;
}

/** A head that is busy takes long to find an agent for a job. */
const TIMEOUT_MS = 60_000;
/** A log that is longer is not read. */
const REPLY_BYTES_MAX = 256 * 2 ** 20;
/** With it came what is used here; it was tried with Ray 2.60. */
const API_VERSION_MIN = 4;
const SHOWN_CHARS_MAX = 300;

const VERSION = z.object({ version: z.coerce.number(), ray_version: z.string() });
const JOB = z
  .object({
    submission_id: z.string().nullish(),
    status: z.enum(['PENDING', 'RUNNING', 'STOPPED', 'SUCCEEDED', 'FAILED']),
    message: z.string().nullish(),
    metadata: z.record(z.string(), z.string()).nullish(),
    driver_exit_code: z.int().nullish(),
  })
  .transform(({ submission_id, status, message, metadata, driver_exit_code }): RayJob => {
    const exitCode = driver_exit_code ?? exitCodeIn(message ?? '');
    return { id: submission_id ?? null, status, message: message ?? '', metadata: metadata ?? {}, exitCode };
  });
const LOG = z.object({ logs: z.string() });

/** Older ones say it in words alone. */
function exitCodeIn(message: string): number | null {
  const [, code] = /failed with exit code (-?\d+)/.exec(message) ?? [];
  return code === undefined ? null : Number(code);
}

interface Reply {
  status: number;
  text: string;
}

const require = createRequire(import.meta.url);

/**
 * Speaks HTTP to the dashboard of a Ray cluster. `fetch` would not do: Ray refuses requests that look like a browser's.
 * Redirects are not followed, so that no token goes to another host.
 */
export function openJobsApi({ address, headers, clock, timeoutMs = TIMEOUT_MS }: JobsApiOptions): JobsApi {
  const base = address.replace(/\/+$/, '');

  const ask = openExchange(base, headers, clock, timeoutMs);

  async function askFor<Value>(
    method: 'GET' | 'POST',
    path: string,
    shape: z.ZodType<Value>,
    body?: object,
  ): Promise<Value> {
    return read(await ask(method, path, body), path, shape);
  }

  function read<Value>({ status, text }: Reply, path: string, shape: z.ZodType<Value>): Value {
    if (status === 401 || status === 403) throw keyless(base, status, text);
    if (status >= 500 || status === 400)
      throw new ScaleQuestError('ERR_CLUSTER_REFUSED', `${base} answered ${status}: ${lastLine(text)}`, {
        data: { status },
      });
    const value = status === 200 ? shape.safeParse(parsed(text)) : null;
    if (value?.success) return value.data;
    const found = status === 200 ? printableLine(text, 100) || 'nothing' : `status ${status}`;
    throw foreign(base, `found ${found} at ${path}`);
  }

  const pathOf = (id: string, end = ''): string => `/api/jobs/${encodeURIComponent(id)}${end}`;

  return {
    async version() {
      const { version, ray_version } = await askFor('GET', '/api/version', VERSION);
      if (version >= API_VERSION_MIN) return ray_version;
      throw foreign(
        base,
        `found Ray ${printableLine(ray_version, 40)} with version ${version} of the Jobs API`,
      );
    },
    list: () => askFor('GET', '/api/jobs/', z.array(JOB)),
    async submit({ id, entrypoint, env, metadata }) {
      const body = { submission_id: id, entrypoint, runtime_env: { env_vars: env }, metadata };
      await askFor('POST', '/api/jobs/', z.object({ submission_id: z.string() }), body);
    },
    async job(id) {
      const reply = await ask('GET', pathOf(id));
      return reply.status === 404 ? null : read(reply, pathOf(id), JOB);
    },
    log: async (id) => (await askFor('GET', pathOf(id, '/logs'), LOG)).logs,
    async stop(id) {
      await askFor('POST', pathOf(id, '/stop'), z.object({ stopped: z.boolean() }));
    },
  };
}

type Ask = (method: 'GET' | 'POST', path: string, body?: object) => Promise<Reply>;

/** One request and its reply, whatever its status. Rejects with ERR_CLUSTER_UNREACHABLE. */
function openExchange(
  base: string,
  headers: Readonly<Record<string, string>>,
  clock: Clock,
  timeoutMs: number,
): Ask {
  return async function ask(method, path, body) {
    const { request } = require('undici') as typeof import('undici');
    const timer = new AbortController();
    const deadline = clock.sleep(timeoutMs, timer.signal).then(
      () => {
        throw unreachable(base, `no answer within ${timeoutMs / 1000} s`);
      },
      () => new Promise<never>(() => {}),
    );
    const cut = new AbortController();
    const exchange = async (): Promise<Reply> => {
      const reply = await request(`${base}${path}`, {
        ...{ method, headersTimeout: 0, bodyTimeout: 0, signal: cut.signal },
        headers: { ...headers, ...(body ? { 'content-type': 'application/json' } : {}) },
        ...(body ? { body: JSON.stringify(body) } : {}),
      });
      return { status: reply.statusCode, text: await readText(reply.body, base) };
    };
    try {
      return await Promise.race([exchange(), deadline]);
    } catch (error) {
      throw error instanceof ScaleQuestError ? error : unreachable(base, (error as Error).message, error);
    } finally {
      timer.abort();
      cut.abort();
    }
  };
}

async function readText(body: AsyncIterable<Buffer>, base: string): Promise<string> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of body) {
    bytes += piece.length;
    if (bytes > REPLY_BYTES_MAX) throw foreign(base, `found a reply of more than ${REPLY_BYTES_MAX} bytes`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Ray answers with a traceback of Python, whose last line says what it is about. */
function lastLine(text: string): string {
  return printableLine(text.trim().split('\n').at(-1) ?? '', SHOWN_CHARS_MAX);
}

function unreachable(base: string, found: string, cause?: unknown): ScaleQuestError {
  return new ScaleQuestError(
    'ERR_CLUSTER_UNREACHABLE',
    `${base}: found no answer (${printableLine(found, SHOWN_CHARS_MAX)}), expected the dashboard of a Ray cluster, ` +
      'which listens at port 8265 of its head unless told otherwise; start it with `--dashboard-host 0.0.0.0` to reach it from elsewhere',
    { cause },
  );
}

function keyless(base: string, status: number, text: string): ScaleQuestError {
  const said = lastLine(text);
  return new ScaleQuestError(
    'ERR_CLUSTER_REFUSED',
    `${base} refuses the request (${status}${said === '' ? '' : `: ${said}`}), expected a token that it knows; set RAY_AUTH_TOKEN, ` +
      'or RAY_JOB_HEADERS to a JSON map of the headers that a proxy wants',
    { data: { status } },
  );
}

function foreign(base: string, found: string): ScaleQuestError {
  return new ScaleQuestError(
    'ERR_CLUSTER_PROTOCOL',
    `${base}: ${found}, expected version 4 or newer of Ray’s Jobs API (ray[default]); look at the port, which is that of ` +
      'the dashboard (8265), and at what stands between',
  );
}

import { createServer } from 'node:net';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { mkdir, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import type { Clock } from '../../clock.js';
import { createConnections } from '../http/connections.js';
import { openStatusClient } from '../pool/statusClient.js';
import { keyHeaders, readApiKey } from './apiKey.js';
import { ScaleQuestError } from '../../errors.js';
import { type Starting, startServer } from '../../process/managedServer.js';

/** What `scalequest serve` is told. */
export interface KeepServerOptions {
  /** The folder of servers that `replicasFrom` names; it is made where it is missing. */
  folder: string;
  /** The server and its arguments; `{port}` stands for its port. */
  command: readonly string[];
  /** The name under which other machines reach this one; its own name if absent. */
  host?: string | undefined;
  /** A free port if absent. */
  port?: number | undefined;
  /** Name of the variable that holds the server's key, if it wants one. */
  apiKeyEnv?: string | undefined;
  startTimeoutMs: number;
  /** Takes the server out of the list, and stops it. */
  signal: AbortSignal;
  onEvent(event: KeptServerEvent): void;
}

/** What becomes of the server. */
export type KeptServerEvent =
  | ({ event: 'starting' } & Starting)
  | { event: 'listed'; url: string }
  | { event: 'ended'; message: string; againInMs: number };

/** What it takes from the machine. */
export interface KeeperWorld {
  env: Readonly<Record<string, string | undefined>>;
  clock: Clock;
}

/** After so many starts in a row that came to nothing there is a mistake that no further one mends. */
const FAILED_STARTS_MAX = 5;
const FIRST_RESTART_MS = 1_000;
/** A server that has answered for so long was well: the next restart comes soon again. */
const WELL_MS = 60_000;
/** Time for runs to read the list, so that they give no more calls to a server that stops. */
const LEAVE_MS = 1_500;

/**
 * Starts a model server on this machine, and lists it in a folder while it answers. One that ends is started again. Runs whose
 * file has `replicasFrom: FOLDER` follow the list. Resolves when the signal has come and the server has stopped.
 *
 * @throws ScaleQuestError ERR_MODEL_LOAD when the server has failed to start five times in a row.
 */
export async function keepServer(options: KeepServerOptions, world: KeeperWorld): Promise<void> {
  const { folder, signal, onEvent } = options;
  const { clock } = world;
  await makeFolder(folder);
  await removeDead(options, world);
  let failures = 0;
  while (!signal.aborted) {
    const startedMs = clock.nowMs();
    const ended = await serveOnce(options, world);
    if (ended === null) return;
    failures = clock.nowMs() - startedMs > WELL_MS && ended.wasListed ? 0 : failures + 1;
    if (failures >= FAILED_STARTS_MAX) throw ended.error;
    const againInMs = FIRST_RESTART_MS * 2 ** Math.max(0, failures - 1);
    onEvent({ event: 'ended', message: ended.error.message, againInMs });
    await clock.sleep(againInMs, signal).catch(() => undefined);
  }
}

/** Why the server ended; null where we stopped it. */
async function serveOnce(
  options: KeepServerOptions,
  world: KeeperWorld,
): Promise<{ error: ScaleQuestError; wasListed: boolean } | null> {
  const { folder, command, startTimeoutMs, signal, onEvent, host = hostname() } = options;
  const { clock, env } = world;
  const port = options.port ?? (await freePort());
  const status = statusOf(port, options, world);
  const url = `http://${host}:${port}/v1`;
  const entry = join(folder, `${host}-${port}.url`);
  try {
    const filled = command.map((word) => word.replaceAll('{port}', String(port)));
    const serve = { command: filled, env: [], startTimeoutMs };
    const server = await startServer(url, serve, {
      ...{ env, clock, signal, isReady: status.isReady },
      onStarting: (starting) => onEvent({ event: 'starting', ...starting }),
    });
    await list(entry, url);
    onEvent({ event: 'listed', url });
    const error = await Promise.race([server.died, aborted(signal)]);
    await rm(entry, { force: true });
    if (error !== null) return { error, wasListed: true };
    await clock.sleep(LEAVE_MS);
    await server.stop();
    return null;
  } catch (error) {
    if (signal.aborted) return null;
    if (error instanceof ScaleQuestError && error.code === 'ERR_MODEL_LOAD')
      return { error, wasListed: false };
    throw error;
  } finally {
    await rm(entry, { force: true });
    await status.close();
  }
}

/** Whole from the first moment on, for whoever reads the folder; names that begin with a dot are not read. */
async function list(entry: string, url: string): Promise<void> {
  const hidden = join(dirname(entry), `.${basename(entry)}`);
  await writeFile(hidden, `${url}\n`);
  await rename(hidden, entry);
}

function statusOf(
  port: number,
  { apiKeyEnv }: Pick<KeepServerOptions, 'apiKeyEnv'>,
  { clock, env }: KeeperWorld,
) {
  const origin = `http://127.0.0.1:${port}`;
  const headers = keyHeaders(readApiKey('server', apiKeyEnv, env));
  const connections = createConnections({ origin, connectionsMax: 1, clock });
  const lastAnswer = { atMs: undefined };
  const client = openStatusClient({ url: `${origin}/v1`, headers, lastAnswer, clock, connections });
  return {
    ...client,
    async close(): Promise<void> {
      await client.close();
      await connections.destroy();
    },
  };
}

/** What a killed predecessor on this machine has left in the list. */
async function removeDead(options: KeepServerOptions, world: KeeperWorld): Promise<void> {
  const { folder, host = hostname() } = options;
  const names = (await readdir(folder)).filter(
    (name) => name.startsWith(`${host}-`) && name.endsWith('.url'),
  );
  for (const name of names) {
    const port = Number(
      /:(\d+)\/v1\s*$/.exec(await readFile(join(folder, name), 'utf8').catch(() => ''))?.[1],
    );
    if (!Number.isInteger(port)) continue;
    const status = statusOf(port, options, world);
    if (!(await status.isReachable())) await rm(join(folder, name), { force: true });
    await status.close();
  }
}

async function makeFolder(folder: string): Promise<void> {
  const found = await stat(folder).catch(() => null);
  if (found?.isDirectory()) return;
  if (found !== null) {
    const message = `found a file at ${folder}, expected a folder for the urls of servers; name another one`;
    throw new ScaleQuestError('ERR_USAGE', message);
  }
  await mkdir(folder, { recursive: true });
}

function aborted(signal: AbortSignal): Promise<null> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve(null);
    signal.addEventListener('abort', () => resolve(null), { once: true });
  });
}

/** One that was free a moment ago. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().on('error', reject);
    probe.listen(0, () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });
}

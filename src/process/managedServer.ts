import { z } from 'zod';
import { type ErrorCode, ScaleQuestError } from '../errors.js';
import type { Clock } from '../clock.js';
import { spawnGuarded } from './spawnGuarded.js';

export const serveOptions = z
  .strictObject({
    command: z
      .array(z.string().min(1))
      .min(1)
      .describe('The server and its arguments, as [vllm, serve, my-model].'),
    gpus: z
      .array(z.int().min(0))
      .min(1)
      .optional()
      .describe('GPUs it may see (CUDA_VISIBLE_DEVICES); all if absent.'),
    env: z
      .array(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'expected the name of an environment variable'))
      .default([])
      .describe(
        'Names of environment variables that it is given beside those of the system, the GPU and the caches, as [HF_TOKEN, ' +
          'HTTPS_PROXY]. Their values are taken out of what is shown of its log.',
      ),
    startTimeoutMs: z
      .int()
      .min(1)
      .default(900_000)
      .describe('How long it may take until it answers, in milliseconds; large models load for minutes.'),
    on: z
      .enum(['here', 'cluster'])
      .optional()
      .describe(
        '`here` (if absent): the run starts it. `cluster`: `scalequest cluster` prints a job that starts it on other machines; it lists ' +
          'itself in the folder of `replicasFrom`, and its command has `{port}`. The run waits for the first of them for `startTimeoutMs`.',
      ),
    replicas: z
      .int()
      .min(1)
      .max(10_000)
      .optional()
      .describe(
        'With `on: cluster`: how many servers there are; if absent, as many as fit, or one on Kubernetes.',
      ),
    gpusEach: z
      .int()
      .min(0)
      .max(64)
      .optional()
      .describe('With `on: cluster`: GPUs of each server; one if absent.'),
  })
  .describe(
    'Starts the server before the run, waits until it answers, and stops it and all its processes after.',
  );

export type ServeOptions = z.output<typeof serveOptions>;

export interface ManagedServer {
  /** Resolves when the server ends before `stop`, with ERR_MODEL_CRASHED and the end of its log. */
  died: Promise<ScaleQuestError>;
  /** Ends the server's whole process group; resolves when it is gone. */
  stop(): Promise<void>;
}

export interface ManagedServerDeps {
  /** The server's environment. */
  env: Readonly<Record<string, string | undefined>>;
  /** Takes secrets out of what is shown of its log. */
  clean?: (text: string) => string;
  /** What to say where it ends by itself, behind how it ended: as `; start the run again`. */
  deathAdvice?: string;
  clock: Clock;
  /** Whether the server answers by now. */
  isReady: () => Promise<boolean>;
  /** Told now and then what is waited for, and once more when the server answers. */
  onStarting?: ((starting: Starting) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/** A server on its way to its first answer. */
export interface Starting {
  waitedMs: number;
  isReady: boolean;
  /** The last line of its log that is not empty; empty if it has written none. */
  line: string;
}

/** How often it is told that a server is still starting: soon for a new line of its log, and now and then without one. */
const TOLD_PERIOD_MS = 2_000;
const TOLD_AGAIN_MS = 15_000;
/** How often a starting server is asked whether it is ready. */
const POLL_PERIOD_MS = 500;
/** An engine takes seconds to let go of its GPUs; after that it is killed. */
const STOP_GRACE_MS = 10_000;
/** Enough for the traceback that tells why a server ended. */
const LOG_TAIL_LINES = 30;

/** Starts a server and waits until it is ready. Rejects with ERR_MODEL_LOAD and the end of its log if it dies or takes too long. */
export async function startServer(
  name: string,
  options: ServeOptions,
  deps: ManagedServerDeps,
): Promise<ManagedServer> {
  const { clock, signal } = deps;
  if (await deps.isReady()) throw alreadyThere(name);
  const guard = spawnGuarded(options.command, {
    env: options.gpus ? { ...deps.env, CUDA_VISIBLE_DEVICES: options.gpus.join(',') } : deps.env,
    graceMs: STOP_GRACE_MS,
  });
  const { clean = (text) => text } = deps;
  const tail = tailOf([guard.stdout, guard.stderr]);
  const log = (): string => clean(tail());
  let ended: string | null = null;
  let isStopping = false;
  const exited = new Promise<void>((resolve) => {
    guard.on('exit', (code) => {
      ended = `exited with code ${code}`;
      resolve();
    });
    guard.on('error', (error) => {
      ended = error.message;
      resolve();
    });
  });

  async function stop(): Promise<void> {
    isStopping = true;
    guard.stdin.end();
    await exited;
  }

  function failure(what: string, code: ErrorCode = 'ERR_MODEL_LOAD'): ScaleQuestError {
    const server = `the server \`${options.command.join(' ')}\``;
    const data = { model: name };
    return new ScaleQuestError(code, `${name}: ${server} ${what}. The end of its log:\n${log()}`, { data });
  }

  /** Never settles if we end the server ourselves. */
  async function death(): Promise<ScaleQuestError> {
    await exited;
    if (isStopping) return new Promise(() => {});
    return failure(`${ended}${deps.deathAdvice ?? ''}`, 'ERR_MODEL_CRASHED');
  }

  const deadlineMs = clock.nowMs() + options.startTimeoutMs;
  const tell = startingTeller(deps, log);
  try {
    while (!(await deps.isReady())) {
      if (ended !== null) throw failure(ended);
      if (clock.nowMs() > deadlineMs)
        throw failure(`did not answer within ${options.startTimeoutMs / 1000} s`);
      tell(false);
      await clock.sleep(POLL_PERIOD_MS, signal);
    }
  } catch (error) {
    await stop();
    throw signal?.aborted ? cancelled(name) : error;
  }
  // If ours could not take its port, another server there answers in its place.
  if (ended !== null) throw failure(`${ended}, though something else answers at its address`);
  tell(true);
  return { stop, died: death() };
}

function startingTeller(
  { clock, onStarting }: ManagedServerDeps,
  log: () => string,
): (isReady: boolean) => void {
  const startedMs = clock.nowMs();
  let told = { atMs: startedMs, line: '' };
  return (isReady) => {
    const nowMs = clock.nowMs();
    const line =
      log()
        .split('\n')
        .findLast((each) => each.trim() !== '') ?? '';
    const isDue = nowMs - told.atMs >= (line === told.line ? TOLD_AGAIN_MS : TOLD_PERIOD_MS);
    if (!isReady && !isDue) return;
    told = { atMs: nowMs, line };
    onStarting?.({ waitedMs: nowMs - startedMs, isReady, line });
  };
}

/** Our server would find its port taken only later, and the replies of the other one would pass for its own. */
function alreadyThere(name: string): ScaleQuestError {
  return new ScaleQuestError(
    'ERR_MODEL_LOAD',
    `${name}: something answers at the address of its server before it is started, expected nothing there. End that server, ` +
      'choose another port, or leave out `serve` to use it',
    { data: { model: name } },
  );
}

function cancelled(name: string): ScaleQuestError {
  return new ScaleQuestError('ERR_CANCELLED', `${name}: its server was given up while it was starting`);
}

function tailOf(streams: readonly NodeJS.ReadableStream[]): () => string {
  let lines: string[] = [];
  for (const stream of streams) {
    let partial = '';
    stream.setEncoding('utf8');
    stream.on('data', (chunk: string) => {
      const parts = (partial + chunk).split('\n');
      partial = parts.pop()!.slice(-4096);
      lines = [...lines, ...parts].slice(-LOG_TAIL_LINES);
    });
  }
  return () => lines.join('\n');
}

import type { Clock } from '../../clock.js';
import { ScaleQuestError } from '../../errors.js';
import type { StepResult } from '../../flow/stepResults/stepResult.js';
import type { WorkerLink } from '../../workers/link.js';
import type {
  ModelCounts,
  PlanMessage,
  WorkerMessage,
  CoordinatorMessage,
  UnitMessage,
} from '../../workers/messages.js';
import { type RemoteReplies, createRemoteReplies } from '../../workers/remoteReplies.js';
import { decodeRows, encodeResults } from '../../workers/unitCodec.js';
import type { StepChains } from './stepChains.js';

/** As a worker has it. */
type CoordinatorLink = WorkerLink<WorkerMessage, CoordinatorMessage>;

/** A worker's own side of a pipeline: its plan, its models and its steps. */
export interface PreparedWorker {
  identity: string;
  chains: StepChains;
  counts(): ModelCounts;
  close(): Promise<void>;
}

export interface WorkerLoopDeps {
  /** Opens a link. ERR_WORKER_REFUSED ends the worker; after any other error it tries again. */
  connect(): Promise<CoordinatorLink>;
  /** Checks the pipeline and opens its models, at the first coordinator. `replies` is null in a run without a store. */
  prepare(plan: PlanMessage, replies: RemoteReplies | null): Promise<PreparedWorker>;
  clock: Clock;
  signal: AbortSignal;
  onState?: (state: WorkerState) => void;
  /** How long it waits for a coordinator, at the start and after one has gone away. */
  waitMs?: number;
}

export type WorkerState = 'waiting' | 'preparing' | 'working' | 'done';

const WAIT_MS = 600_000;
const RETRY_FIRST_MS = 100;
const RETRY_MAX_MS = 2_000;
const BEAT_MS = 1_000;
/** A coordinator that says nothing for so long is gone, with its machine. */
const SILENT_MS = 15_000;
/** Units that it has at a time. They wait for models, so their number costs memory alone. */
const PLACES = 64;

/**
 * Works for the coordinators of one run, one after the other, until all its rows are done. Throws ERR_WORKER_REFUSED,
 * ERR_WORKER_ALONE, ERR_CANCELLED, and whatever would end a run in this process.
 */
export async function runWorkerLoop(deps: WorkerLoopDeps): Promise<void> {
  const { clock, signal, onState, waitMs = WAIT_MS } = deps;
  const work = createWork(deps);
  try {
    for (;;) {
      onState?.('waiting');
      const link = await connectWithin(deps, clock.nowMs() + waitMs);
      if (await serve(link, work, deps)) return onState?.('done');
      if (signal.aborted) throw cancelled();
    }
  } finally {
    await work.close();
  }
}

async function connectWithin(deps: WorkerLoopDeps, endMs: number): Promise<CoordinatorLink> {
  const { connect, clock, signal } = deps;
  for (let retryMs = RETRY_FIRST_MS; ; retryMs = Math.min(2 * retryMs, RETRY_MAX_MS)) {
    if (signal.aborted) throw cancelled();
    try {
      return await connect();
    } catch (error) {
      const { code } = error as ScaleQuestError;
      if (code === 'ERR_WORKER_REFUSED' || clock.nowMs() + retryMs > endMs) throw error;
    }
    await clock.sleep(retryMs, signal).catch(() => {});
  }
}

/** True when all rows are done, false when the link has ended. */
function serve(link: CoordinatorLink, work: Work, { clock, signal }: WorkerLoopDeps): Promise<boolean> {
  const closed = new AbortController();
  let heardMs = clock.nowMs();
  let isDone = false;

  async function beat(): Promise<void> {
    while (!closed.signal.aborted) {
      await clock.sleep(BEAT_MS, closed.signal).catch(() => {});
      if (closed.signal.aborted) return;
      if (clock.nowMs() - heardMs > SILENT_MS) return link.close();
      link.send({ kind: 'beat', counts: work.counts() });
    }
  }

  const stop = (): void => link.close();
  return new Promise<boolean>((resolve, reject) => {
    const fail = (error: unknown): void => {
      reject(error);
      link.close();
    };
    work.onFailure(fail);
    link.listen(
      (message) => {
        heardMs = clock.nowMs();
        if (message.kind === 'done') {
          isDone = true;
          return link.close();
        }
        if (message.kind === 'refused') return fail(refused(message.message));
        work.take(link, message).catch(fail);
      },
      () => {
        closed.abort();
        signal.removeEventListener('abort', stop);
        work.detach();
        resolve(isDone);
      },
    );
    signal.addEventListener('abort', stop);
    // It may have been told to stop while it connected.
    if (signal.aborted) stop();
    void beat();
  });
}

interface Work {
  take(link: CoordinatorLink, message: CoordinatorMessage): Promise<void>;
  /** Whatever would end a run. */
  onFailure(fail: (error: unknown) => void): void;
  detach(): void;
  counts(): ModelCounts;
  close(): Promise<void>;
}

/** What lives on from one link to the next: plan, models, units that are being done, and replies on their way. */
function createWork({ prepare, clock, onState }: WorkerLoopDeps): Work {
  let preparing: Promise<PreparedWorker> | null = null;
  let prepared: PreparedWorker | null = null;
  /** The link whose plan came last. */
  let attached: CoordinatorLink | null = null;
  let replies: RemoteReplies | null = null;
  let session = '';
  let link: CoordinatorLink | null = null;
  let fail = (_error: unknown): void => {};
  /** Answers that found no link; the same coordinator may still want them. */
  let unsent: WorkerMessage[] = [];

  async function begin(opened: CoordinatorLink, plan: PlanMessage): Promise<void> {
    replies ??= plan.hasStore ? createRemoteReplies(plan.file, clock) : null;
    attached = opened;
    if (!preparing) onState?.('preparing');
    preparing ??= prepare(plan, replies);
    prepared = await preparing;
    // The link may have ended meanwhile, and another one begun.
    if (attached !== opened) return;
    const { identity } = prepared;
    if (identity !== plan.identity) throw refused('this worker has begun with another pipeline file');
    if (session !== plan.session) unsent = [];
    session = plan.session;
    link = opened;
    // Its claims come before it is given units.
    replies?.attach(opened);
    opened.send({ kind: 'ready', identity, places: PLACES });
    for (const message of unsent.splice(0)) opened.send(message);
    onState?.('working');
  }

  async function doUnit({ id, first, end, body }: UnitMessage): Promise<void> {
    const own = session;
    const results = await resultsOf({ first, end, rows: decodeRows(body) });
    if (session !== own) return;
    const answer: WorkerMessage = { kind: 'answer', id, body: encodeResults(results) };
    if (link) link.send(answer);
    else unsent.push(answer);
  }

  async function resultsOf(unit: Parameters<StepChains['run']>[0]): Promise<StepResult[]> {
    try {
      return await prepared!.chains.run(unit);
    } catch (error) {
      const { code = 'ERR_INVARIANT', message } = error as { code?: string; message: string };
      link?.send({ kind: 'failed', code, message });
      throw error;
    }
  }

  return {
    async take(opened, message) {
      if (message.kind === 'plan') return begin(opened, message);
      // A unit may outlive its link, and then fails what is open by then.
      if (message.kind === 'unit') return doUnit(message).catch((error: unknown) => fail(error));
      if (message.kind === 'known' || message.kind === 'kept') replies?.take(message);
    },
    onFailure: (failNow) => void (fail = failNow),
    detach() {
      link = null;
      attached = null;
      replies?.detach();
    },
    counts: () => prepared?.counts() ?? {},
    close: () => closePrepared(preparing),
  };
}

async function closePrepared(preparing: Promise<PreparedWorker> | null): Promise<void> {
  const prepared = await preparing?.catch(() => null);
  prepared?.chains.close();
  await prepared?.close();
}

function refused(message: string): ScaleQuestError {
  return new ScaleQuestError('ERR_WORKER_REFUSED', `the run does not take this worker: ${message}`);
}

function cancelled(): ScaleQuestError {
  return new ScaleQuestError('ERR_CANCELLED', 'the worker was stopped; its units go to others');
}

import type { Clock } from '../../clock.js';
import { ScaleQuestError } from '../../errors.js';
import type { JobsApi, RayJob } from '../../ray/jobsApi.js';

export type FollowEvent =
  /** Whole lines that the job has written, each with its end. */
  | { event: 'log'; text: string }
  | { event: 'pending'; message: string }
  /** The cluster cannot be asked at the moment; the job may go on. */
  | { event: 'lost'; message: string }
  | { event: 'found' };

export interface FollowJobOptions {
  jobs: Pick<JobsApi, 'job' | 'log'>;
  clock: Clock;
  signal: AbortSignal;
  onEvent(event: FollowEvent): void;
}

const PERIOD_MS = 1_000;
/** Ray gives the whole log each time, so a long one is read less often. */
const LOG_CHARS_PER_S = 256 * 1024;
const LOG_PERIOD_MS_MAX = 60_000;
/** A job that waits says so once a minute. */
const PENDING_MS = 60_000;
/** A head that restarts, or a network that is gone for a while, ends nothing. */
const LOST_MS_MAX = 600_000;

/**
 * Follows a job to its end, and hands on what it writes. Null where the signal came first: the job goes on.
 *
 * @throws ERR_CLUSTER_UNREACHABLE after ten minutes without an answer; ERR_CLUSTER_JOB for a job that is gone, or failed before it ran.
 */
export async function followJob(id: string, options: FollowJobOptions): Promise<RayJob | null> {
  const { jobs, clock, signal, onEvent } = options;
  const patient = patientCalls(clock, onEvent);
  const log = openLog(id, options);
  let pendingAtMs = clock.nowMs();
  while (!signal.aborted) {
    const found = await patient(look);
    const { job, fresh } = found === 'lost' ? { job: 'lost' as const, fresh: '' } : found;
    if (fresh !== '') onEvent({ event: 'log', text: fresh });
    if (job === null) throw gone(id);
    if (job !== 'lost' && isOver(job)) return failedBefore(id, job) ?? job;
    if (job !== 'lost' && job.status === 'PENDING' && clock.nowMs() - pendingAtMs >= PENDING_MS) {
      pendingAtMs = clock.nowMs();
      onEvent({ event: 'pending', message: job.message });
    }
    await clock.sleep(PERIOD_MS, signal).catch(() => undefined);
  }
  return null;

  async function look(): Promise<{ job: RayJob | null; fresh: string }> {
    const job = await jobs.job(id);
    if (job === null) return { job, fresh: '' };
    try {
      return { job, fresh: await log.read(isOver(job)) };
    } catch (error) {
      if (!isOver(job)) throw error;
      // How the job ended is known, whatever became of its log.
      return { job, fresh: `its log cannot be read to the end: ${(error as Error).message}\n` };
    }
  }
}

export const isOver = ({ status }: RayJob): boolean => status !== 'PENDING' && status !== 'RUNNING';

function openLog(id: string, { jobs, clock }: FollowJobOptions) {
  let shown = 0;
  let nextMs = 0;
  return {
    /** Whole lines that are new, each with its end. */
    async read(isLast: boolean): Promise<string> {
      if (!isLast && clock.nowMs() < nextMs) return '';
      const text = await jobs.log(id);
      const waitMs = Math.min(LOG_PERIOD_MS_MAX, (text.length / LOG_CHARS_PER_S) * 1000);
      nextMs = clock.nowMs() + waitMs;
      const end = isLast ? text.length : text.lastIndexOf('\n') + 1;
      const fresh = text.slice(shown, end);
      shown = Math.max(shown, end);
      return fresh === '' || fresh.endsWith('\n') ? fresh : `${fresh}\n`;
    },
  };
}

/** Calls that fail because the cluster cannot be asked are made again by whoever calls, for a while. */
function patientCalls(clock: Clock, onEvent: FollowJobOptions['onEvent']) {
  let lostSinceMs: number | null = null;
  return async function patient<Value>(call: () => Promise<Value>): Promise<Value | 'lost'> {
    try {
      const value = await call();
      if (lostSinceMs !== null) onEvent({ event: 'found' });
      lostSinceMs = null;
      return value;
    } catch (error) {
      if (!mayPass(error)) throw error;
      if (lostSinceMs === null) onEvent({ event: 'lost', message: (error as Error).message });
      lostSinceMs ??= clock.nowMs();
      if (clock.nowMs() - lostSinceMs > LOST_MS_MAX) throw error;
      return 'lost';
    }
  };
}

function mayPass(error: unknown): boolean {
  if (!(error instanceof ScaleQuestError)) return false;
  return error.code === 'ERR_CLUSTER_UNREACHABLE' || Number(error.data.status) >= 500;
}

function gone(id: string): ScaleQuestError {
  return new ScaleQuestError(
    'ERR_CLUSTER_JOB',
    `found no job ${id} any more, expected it: its cluster was restarted, or the job was deleted; the same command goes on with the run`,
  );
}

/** Of a job without an exit code only Ray knows why it ended. */
function failedBefore(id: string, { status, exitCode, message }: RayJob): null {
  if (status !== 'FAILED' || (exitCode !== null && exitCode >= 0)) return null;
  throw new ScaleQuestError(
    'ERR_CLUSTER_JOB',
    `found that job ${id} failed (${message.trim().slice(0, 2000)}), expected it to run to its end; the same command goes on with the run`,
  );
}

import { type Clock, systemClock } from '../../clock.js';
import { ScaleQuestError } from '../../errors.js';
import type { GradeTask, Graded, GraderStart } from './graderMessages.js';
import { createGraderThread } from './graderThread.js';

/** Grades in a thread of its own, so that no answer holds up the event loop. */
export interface Grader {
  /** Rejects only for what is no answer's fault. */
  grade(task: GradeTask): Promise<Graded>;
  /** What waits is rejected with ERR_CANCELLED. */
  close(): Promise<void>;
}

export interface GraderOptions extends GraderStart {
  /** The longest that one answer may take; then the thread is stopped, and started anew for the next. */
  timeoutMs: number;
  clock?: Clock;
}

interface Waiting {
  task: GradeTask;
  resolve: (graded: Graded) => void;
  reject: (error: ScaleQuestError) => void;
}

export function createGrader({ clock = systemClock, timeoutMs, ...start }: GraderOptions): Grader {
  const queue: Waiting[] = [];
  let current: Waiting | null = null;
  let deadline = new AbortController();
  let closed = false;

  const thread = createGraderThread(start, {
    onReady: next,
    onGraded: ({ graded }) => settle(graded),
    // With an answer in work it is that answer's fault; without one no thread can be had.
    onError(error) {
      if (!current) return fail(threadFailed(error));
      const outOfMemory = error.code === 'ERR_WORKER_OUT_OF_MEMORY';
      settle({ grade: outOfMemory ? 'ROW_GRADE_TIMEOUT' : 'ROW_GRADE_FAILED' });
    },
  });

  function next(): void {
    if (current || closed) return;
    if (queue.length === 0) return thread.rest();
    if (!thread.wake()) return;
    current = queue.shift()!;
    thread.post(current.task);
    void stopAtDeadline(current);
  }

  function settle(graded: Graded): void {
    const settled = current;
    current = null;
    deadline.abort();
    settled?.resolve(graded);
    next();
  }

  function fail(error: ScaleQuestError): void {
    const failed = current ? [current, ...queue] : [...queue];
    queue.length = 0;
    current = null;
    deadline.abort();
    for (const { reject } of failed) reject(error);
  }

  async function stopAtDeadline(watched: Waiting): Promise<void> {
    deadline = new AbortController();
    const { signal } = deadline;
    await clock.sleep(timeoutMs, signal).catch(() => undefined);
    if (signal.aborted || current !== watched) return;
    const stopped = thread.stop();
    settle({ grade: 'ROW_GRADE_TIMEOUT' });
    await stopped;
  }

  return {
    grade: (task) =>
      new Promise((resolve, reject) => {
        if (closed) return reject(cancelled());
        queue.push({ task, resolve, reject });
        next();
      }),
    async close() {
      closed = true;
      fail(cancelled());
      await thread.stop();
    },
  };
}

function cancelled(): ScaleQuestError {
  return new ScaleQuestError('ERR_CANCELLED', 'the grader was closed before the answer was graded');
}

function threadFailed(cause: Error): ScaleQuestError {
  return new ScaleQuestError('ERR_INVARIANT', `the thread that grades answers failed: ${cause.message}`, {
    cause,
  });
}

import { Worker } from 'node:worker_threads';
import type { FromGrader, GradeTask, GraderStart } from './graderMessages.js';

/** The worker thread that grades one answer at a time; it starts with the first `wake`, and anew after it was stopped. */
export interface GraderThread {
  /** Starts the thread where there is none. True once it can take a task; `onReady` says when. */
  wake(): boolean;
  /** Only after `wake` was true, and one at a time. */
  post(task: GradeTask): void;
  /** An idle thread does not keep the process alive. */
  rest(): void;
  /** None of its messages comes after the call. Resolves when the thread has ended. */
  stop(): Promise<void>;
}

export interface ThreadEvents {
  onReady: () => void;
  onGraded: (message: FromGrader & { kind: 'graded' }) => void;
  /** The thread has ended by itself. */
  onError: (error: Error & { code?: string }) => void;
}

/** The whole heap of the thread; answers within the limits need a few. */
const HEAP_MB_MAX = 128;

export function createGraderThread(workerData: GraderStart, events: ThreadEvents): GraderThread {
  let worker: Worker | null = null;
  let ready = false;

  function start(): Worker {
    const started = new Worker(new URL('./graderWorker.thread.js', import.meta.url), {
      workerData,
      name: 'grader',
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB_MAX },
    });
    ready = false;
    started.on('message', (message: FromGrader) => {
      if (worker !== started) return;
      if (message.kind === 'graded') return events.onGraded(message);
      ready = true;
      events.onReady();
    });
    started.on('error', (error) => {
      if (worker !== started) return;
      worker = null;
      events.onError(error);
    });
    return started;
  }

  return {
    wake() {
      const isNew = worker === null;
      worker ??= start();
      worker.ref();
      return !isNew && ready;
    },
    post: (task) => worker?.postMessage(task),
    rest: () => worker?.unref(),
    async stop() {
      const stopped = worker;
      worker = null;
      await stopped?.terminate();
    },
  };
}

import { Worker } from 'node:worker_threads';
import { Table, tableToIPC } from 'apache-arrow';
import { ScaleQuestError } from '../../errors.js';
import type { ShardOptions } from './shardEncoder.js';
import type { FromWorker, ToWorker, WorkerStart } from './shardMessages.js';

/** The worker thread that encodes shards and lost rows. It starts with the first message, and anew after it was stopped. */
export interface EncoderThread {
  send(message: ToWorker): void;
  /** Resolves when the thread has ended. No message of the thread comes after the call. */
  stop(): Promise<void>;
}

export type StartEncoder = typeof createEncoderThread;

export function createEncoderThread(
  options: ShardOptions,
  onMessage: (message: FromWorker) => void,
  onError: (error: ScaleQuestError) => void,
): EncoderThread {
  let worker: Worker | null = null;

  function start(): Worker {
    const started = createWorker(options);
    started.on('message', (message: FromWorker) => {
      if (worker === started) onMessage(message);
    });
    started.on('error', (error) => ended(started, `failed: ${error.message}`, error));
    started.on('exit', (code) => ended(started, `ended with code ${code}`));
    return started;
  }

  function ended(stopped: Worker, how: string, cause?: unknown): void {
    if (worker !== stopped) return;
    worker = null;
    onError(threadEnded(how, cause));
  }

  return {
    send(message) {
      worker ??= start();
      worker.postMessage(message, message.kind === 'rows' ? [message.ipc.buffer as ArrayBuffer] : []);
    },
    async stop() {
      const stopped = worker;
      worker = null;
      await stopped?.terminate();
    },
  };
}

function createWorker({ schema, ...options }: ShardOptions): Worker {
  const workerData: WorkerStart = { ...options, schemaIpc: tableToIPC(new Table(schema), 'stream') };
  return new Worker(new URL('./shardWorker.thread.js', import.meta.url), { workerData, name: 'shardWorker' });
}

function threadEnded(how: string, cause: unknown): ScaleQuestError {
  return new ScaleQuestError(
    'ERR_INVARIANT',
    `the thread that writes Parquet ${how}. ` +
      'If it ran out of memory, use smaller row groups; otherwise this is a bug.',
    { cause },
  );
}

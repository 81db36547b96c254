import { Worker } from 'node:worker_threads';
import { ScaleQuestError } from '../errors.js';

/** What the thread is asked: for each text, its language if that is none of `wanted`. It answers in the order of the messages. */
export interface LanguageTask {
  texts: readonly string[];
  wanted: readonly string[];
}

/** For each text, see `DetectOther`. */
export type LanguageAnswer = readonly (string | null)[];

/**
 * The language detector in a thread of its own. Its table is a million objects: to load it holds up the event loop, and every
 * collection of the heap that it lies in walks through it. The thread starts with the first text.
 */
export interface LanguageThread {
  /** See `DetectOther`. Rejects only for what is no text's fault. */
  detectOther(text: string): Promise<string | null>;
  /** What waits is rejected with ERR_CANCELLED. */
  close(): Promise<void>;
}

/** The texts of one message, and who waits for the answers. */
interface Asked {
  texts: string[];
  waiting: { resolve: (found: string | null) => void; reject: (error: ScaleQuestError) => void }[];
}

export function createLanguageThread(
  wanted: readonly string[],
  startWorker: () => Worker = startLanguageWorker,
): LanguageThread {
  let worker: Worker | null = null;
  let failed: ScaleQuestError | null = null;
  let gathered: Asked | null = null;
  let sent: Asked[] = [];

  function start(): Worker {
    const started = startWorker();
    started.on('message', settle);
    started.on('error', (error) => fail(threadEnded(`failed: ${error.message}`, error)));
    started.on('exit', (code) => fail(threadEnded(`ended with code ${code}`)));
    return started;
  }

  /** The rows of a batch are decided one after the other, before this: their texts travel together. */
  function send(): void {
    const asked = gathered;
    gathered = null;
    if (!asked || failed) return;
    worker ??= start();
    // An idle thread does not keep the process alive.
    worker.ref();
    sent.push(asked);
    worker.postMessage({ texts: asked.texts, wanted } satisfies LanguageTask);
  }

  function settle(answer: LanguageAnswer): void {
    const asked = sent.shift();
    // A thread that ends still hands over what it had told: who asked was rejected.
    if (!asked) return;
    const { waiting } = asked;
    if (sent.length === 0) worker?.unref();
    waiting.forEach(({ resolve }, at) => resolve(answer[at]!));
  }

  function fail(error: ScaleQuestError): void {
    if (failed) return;
    failed = error;
    const waiting = [...sent, ...(gathered ? [gathered] : [])].flatMap((asked) => asked.waiting);
    sent = [];
    for (const { reject } of waiting) reject(error);
  }

  return {
    detectOther: (text) =>
      new Promise((resolve, reject) => {
        if (failed) return reject(failed);
        if (!gathered) queueMicrotask(send);
        gathered ??= { texts: [], waiting: [] };
        gathered.texts.push(text);
        gathered.waiting.push({ resolve, reject });
      }),
    async close() {
      fail(new ScaleQuestError('ERR_CANCELLED', 'the step was closed before a text’s language was told'));
      await worker?.terminate();
    },
  };
}

function startLanguageWorker(): Worker {
  return new Worker(new URL('./languageWorker.js', import.meta.url), { name: 'languageWorker' });
}

function threadEnded(how: string, cause?: unknown): ScaleQuestError {
  return new ScaleQuestError('ERR_INVARIANT', `the thread that tells languages ${how}`, { cause });
}

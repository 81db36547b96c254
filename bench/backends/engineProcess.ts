import { type ChildProcess, fork } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type {
  CompleteJob,
  EngineOptions,
  FromEngine,
  GgufTokenizer,
  Job,
} from '../../src/backends/llamaCpp/messages.js';

/** A process of the embedded engine whose cost can be read, on Linux. */
export interface EngineProcess {
  tokenizer: GgufTokenizer;
  ask(job: Job): Promise<FromEngine>;
  /** CPU of all its threads that live. */
  cpuMs(): number;
  residentBytes(): number;
  kill(): void;
}

/** Starts the engine of a built checkout: the folder `dist` of it. */
export async function startEngineProcess(dist: string, options: EngineOptions): Promise<EngineProcess> {
  const file = join(dist, 'src/backends/llamaCpp/child.js');
  const child = fork(file, { execArgv: ['--expose-gc'], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const waiting = new Map<
    number,
    { resolve: (message: FromEngine) => void; reject: (error: Error) => void }
  >();
  const tokenizer = await new Promise<GgufTokenizer>((loaded, failed) => {
    child.on('message', (message: FromEngine) => {
      if (message.kind === 'loaded') return loaded(message.tokenizer);
      if (message.kind === 'loadFailed') return failed(new Error(message.message));
      if ('id' in message) waiting.get(message.id)!.resolve(message);
    });
    child.on('close', () => {
      const ended = new Error('the engine process has ended');
      failed(ended);
      for (const { reject } of waiting.values()) reject(ended);
    });
    child.send({ kind: 'load', options });
  });
  return {
    tokenizer,
    ask: (job) =>
      new Promise((resolve, reject) => {
        waiting.set(job.id, { resolve, reject });
        child.send(job);
      }),
    cpuMs: () => cpuMs(child),
    residentBytes: () => residentBytes(child),
    kill: () => void child.kill('SIGKILL'),
  };
}

function cpuMs({ pid }: ChildProcess): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  const nanoseconds = threads.map((thread) => {
    return Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'latin1').split(' ')[0]);
  });
  return nanoseconds.reduce((a, b) => a + b, 0) / 1e6;
}

function residentBytes({ pid }: ChildProcess): number {
  const kB = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))![1];
  return Number(kB) * 1024;
}

/** The choices of a reply; throws what the engine says instead. */
export function choicesOf(reply: FromEngine): Extract<FromEngine, { kind: 'completed' }>['choices'] {
  if (reply.kind !== 'completed') throw new Error(`expected a completion, found ${JSON.stringify(reply)}`);
  return reply.choices;
}

/** One greedy token of a text, but for the changes. */
export function completion(id: number, text: string, change: Partial<CompleteJob> = {}): CompleteJob {
  return {
    ...{ kind: 'complete', id, prompt: [{ text, special: false }], stop: ['~~~'], n: 1, tokensMax: 1 },
    ...{ temperature: 0, topP: 1, seed: 1 },
    ...change,
  };
}

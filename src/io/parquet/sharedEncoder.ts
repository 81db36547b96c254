import { type ErrorCode, ScaleQuestError } from '../../errors.js';
import type { RejectsEncoding } from '../runFolder/rejectsWriter.js';
import type { EncoderThread, StartEncoder } from './encoderThread.js';
import type { ShardOptions } from './shardEncoder.js';
import type { FromWorker, RejectsFromWorker, RejectsToWorker } from './shardMessages.js';

/** One thread that encodes the shards of a run and its lost rows, so that neither holds the event loop. */
export interface SharedEncoder {
  forShards: StartEncoder;
  forRejects: RejectsEncoding;
}

interface Asked {
  resolve: (bytes: Uint8Array) => void;
  reject: (error: Error) => void;
}

/** The thread is the shard writer's to stop. What is asked for lost rows then fails with ERR_CANCELLED. */
export function shareEncoder(start: StartEncoder, options: ShardOptions): SharedEncoder {
  /** What the thread has not answered, oldest first. */
  let asked: Asked[] = [];
  let onShard: (message: FromWorker) => void = () => {};
  let onShardError: (error: ScaleQuestError) => void = () => {};
  const thread = start(options, receive, (error) => {
    failAsked(error);
    onShardError(error);
  });

  function receive(message: FromWorker): void {
    if (message.kind === 'rejectsBytes') asked.shift()?.resolve(message.bytes);
    else if (message.kind === 'rejectsFailed') asked.shift()?.reject(encoderFailed(message));
    else onShard(message);
  }

  function failAsked(error: Error): void {
    const failed = asked;
    asked = [];
    for (const { reject } of failed) reject(error);
  }

  function ask(message: RejectsToWorker): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      asked.push({ resolve, reject });
      thread.send(message);
    });
  }

  const forShards: EncoderThread = {
    send: thread.send,
    stop() {
      failAsked(new ScaleQuestError('ERR_CANCELLED', 'writing lost rows was given up'));
      return thread.stop();
    },
  };

  return {
    forShards(_options, onMessage, onError) {
      onShard = onMessage;
      onShardError = onError;
      return forShards;
    },
    forRejects: {
      open: () => thread.send({ kind: 'openRejects' }),
      write: (rows) => ask({ kind: 'rejects', rows }),
      finish: () => ask({ kind: 'finishRejects' }),
    },
  };
}

function encoderFailed({
  code,
  message,
  stack,
}: RejectsFromWorker & { kind: 'rejectsFailed' }): ScaleQuestError {
  const cause = Object.assign(new Error(message), { stack });
  return new ScaleQuestError(code as ErrorCode, `cannot encode lost rows: ${message}`, { cause });
}

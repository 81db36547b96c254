import { RecordBatchReader } from 'apache-arrow';
import { ScaleQuestError } from '../../errors.js';
import { type ShardEncoder, type ShardOptions, createShardEncoder } from './shardEncoder.js';
import { createRejectsEncoder } from './rejectsEncoder.js';
import type { Failure, FromWorker, RejectsToWorker, ShardToWorker, ToWorker } from './shardMessages.js';

/** What the encoder's thread does with each message. It lies apart from the thread, so that a simulation can do without one. */
export function createShardAnswers(
  options: ShardOptions,
  send: (message: FromWorker) => void,
): (message: ToWorker) => void {
  let encoder: ShardEncoder | null = null;
  let rejects = createRejectsEncoder();

  function answerShard(message: ShardToWorker): void {
    if (message.kind === 'open') {
      encoder = createShardEncoder(options);
      return;
    }
    if (!encoder) {
      throw new ScaleQuestError('ERR_INVARIANT', 'no file is open in the encoder, expected open first');
    }
    if (message.kind === 'rows') {
      for (const rows of RecordBatchReader.from(message.ipc)) sendBytes(encoder.write(rows));
      send({ kind: 'taken' });
      return;
    }
    const { bytes, written } = encoder.finish();
    encoder = null;
    sendBytes(bytes);
    send({ kind: 'finished', written });
  }

  function sendBytes(pieces: readonly Uint8Array[]): void {
    for (const bytes of pieces) send({ kind: 'bytes', bytes });
  }

  function answerRejects(message: RejectsToWorker): void {
    if (message.kind === 'openRejects') rejects = createRejectsEncoder();
    else
      send({
        kind: 'rejectsBytes',
        bytes: message.kind === 'rejects' ? rejects.write(message.rows) : rejects.finish(),
      });
  }

  return (message) => {
    const isOfRejects = isRejectsMessage(message);
    try {
      if (isOfRejects) answerRejects(message);
      else answerShard(message);
    } catch (error) {
      send({ kind: isOfRejects ? 'rejectsFailed' : 'failed', ...failureOf(error) });
    }
  };
}

function isRejectsMessage(message: ToWorker): message is RejectsToWorker {
  return message.kind === 'openRejects' || message.kind === 'rejects' || message.kind === 'finishRejects';
}

function failureOf(error: unknown): Failure {
  const { code = 'ERR_INVARIANT', message, stack = '' } = error as Error & { code?: string };
  return { code, message, stack };
}

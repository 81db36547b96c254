import { RecordBatchReader } from 'apache-arrow';
import { ScaleQuestError } from '../../errors.js';
import { type ShardEncoder, type ShardOptions, createShardEncoder } from './shardEncoder.js';
import type { FromWorker, ToWorker } from './shardMessages.js';

/** What the encoder's thread does with each message. It lies apart from the thread, so that a simulation can do without one. */
export function createShardAnswers(
  options: ShardOptions,
  send: (message: FromWorker) => void,
): (message: ToWorker) => void {
  let encoder: ShardEncoder | null = null;

  function answer(message: ToWorker): void {
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

  return (message) => {
    try {
      answer(message);
    } catch (error) {
      const { code = 'ERR_INVARIANT', message: text, stack = '' } = error as Error & { code?: string };
      send({ kind: 'failed', code, message: text, stack });
    }
  };
}

import type { StartEncoder } from '../../../src/io/parquet/encoderThread.js';
import { createShardAnswers } from '../../../src/io/parquet/shardAnswers.js';
import { loadZstd } from '../../../src/io/parquet/zstd.js';

/** The encoder of shards in this thread: the same bytes, without the modules that each thread loads anew. */
export const encoderHere: StartEncoder = (options, onMessage) => {
  let isStopped = false;
  const later = (work: () => void): void => void setImmediate(() => isStopped || work());
  const answer = createShardAnswers(options, (message) => later(() => onMessage(message)));
  return {
    send: (message) => void loadZstd().then(() => later(() => answer(message))),
    stop: async () => void (isStopped = true),
  };
};

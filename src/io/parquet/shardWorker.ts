import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { RecordBatchReader } from 'apache-arrow';
import { createShardAnswers } from './shardAnswers.js';
import type { FromWorker, ToWorker, WorkerStart } from './shardMessages.js';
import { loadZstd } from './zstd.js';

/** The thread that encodes shards and lost rows: it compresses, and touches no file. */
async function main(port: MessagePort, { schemaIpc, ...options }: WorkerStart): Promise<void> {
  const { schema } = RecordBatchReader.from(schemaIpc).open();
  await loadZstd();

  function send(message: FromWorker): void {
    port.postMessage(message, 'bytes' in message ? [message.bytes.buffer as ArrayBuffer] : []);
  }

  const answer = createShardAnswers({ ...options, schema }, send);
  port.on('message', (message: ToWorker) => answer(message));
}

if (parentPort) await main(parentPort, workerData as WorkerStart);

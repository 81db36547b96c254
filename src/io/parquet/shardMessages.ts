import type { WrittenFile } from '../files/atomicFile.js';
import type { RejectRow } from './rejectsEncoder.js';

/** What the worker is started with. Schemas travel as Arrow IPC. */
export interface WorkerStart {
  schemaIpc: Uint8Array;
  metadata: Readonly<Record<string, string>>;
  rowGroupRows: number;
  zstdLevel: number;
}

/** To the worker. It answers the messages in order. */
export type ToWorker = ShardToWorker | RejectsToWorker;

/** Of a shard. The answer is first any `bytes`, then `taken` or `finished`; or once `failed`. */
export type ShardToWorker = { kind: 'open' } | { kind: 'rows'; ipc: Uint8Array } | { kind: 'finish' };

/** Of a table of lost rows. The answer to rows and to the end is one `rejectsBytes` or `rejectsFailed`. */
export type RejectsToWorker =
  { kind: 'openRejects' } | { kind: 'rejects'; rows: readonly RejectRow[] } | { kind: 'finishRejects' };

export type FromWorker = ShardFromWorker | RejectsFromWorker;

export type ShardFromWorker =
  | { kind: 'bytes'; bytes: Uint8Array }
  | { kind: 'taken' }
  | { kind: 'finished'; written: WrittenFile }
  | ({ kind: 'failed' } & Failure);

export type RejectsFromWorker =
  { kind: 'rejectsBytes'; bytes: Uint8Array } | ({ kind: 'rejectsFailed' } & Failure);

/** An error, as it travels between threads. */
export interface Failure {
  code: string;
  message: string;
  stack: string;
}

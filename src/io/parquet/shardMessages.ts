import type { WrittenFile } from '../files/atomicFile.js';

/** What the worker is started with. Schemas travel as Arrow IPC. */
export interface WorkerStart {
  schemaIpc: Uint8Array;
  metadata: Readonly<Record<string, string>>;
  rowGroupRows: number;
  zstdLevel: number;
}

/** To the worker. It answers the messages in order: first any `bytes`, then `taken` or `finished`; or once `failed`. */
export type ToWorker = { kind: 'open' } | { kind: 'rows'; ipc: Uint8Array } | { kind: 'finish' };

export type FromWorker =
  | { kind: 'bytes'; bytes: Uint8Array }
  | { kind: 'taken' }
  | { kind: 'finished'; written: WrittenFile }
  | { kind: 'failed'; code: string; message: string; stack: string };

import { type RecordBatch, type Schema, Table, tableToIPC } from 'apache-arrow';
import { rowsOf } from '../../arrow/build.js';
import { assertSameColumns } from '../../arrow/concat.js';
import { type ErrorCode, ScaleQuestError } from '../../errors.js';
import { type WrittenFile, publish, removeQuietly, temporaryPath } from '../files/atomicFile.js';
import { type EncoderThread, type StartEncoder, createEncoderThread } from './encoderThread.js';
import type { Files, OpenFile } from '../files/files.js';
import type { ShardOptions } from './shardEncoder.js';
import type { FromWorker } from './shardMessages.js';

/** Writes one Parquet file after the other, one call at a time. After an error, `abort` the file or `close`. */
export interface ShardWriter {
  /** Starts a file. It has a temporary name until `finish`. */
  open(path: string, temporary?: string): Promise<void>;
  /** Resolves when about two row groups wait at most. Zero rows are fine. */
  write(rows: RecordBatch): Promise<void>;
  /** Makes the file whole and durable under its name. A file of zero rows is removed: `{ rows: 0, bytes: 0, sha256: '' }`. */
  finish(): Promise<WrittenFile>;
  /** Removes the file that is open, if one is. */
  abort(): Promise<void>;
  /** Aborts, and ends the worker thread, which would keep the process alive. */
  close(): Promise<void>;
}

const ROW_GROUPS_WAITING_MAX = 2;
/** Rows that go to the thread together: a message costs as much as many rows. */
const GATHER_ROWS = 1024;

interface OpenShard {
  path: string;
  temporary: string;
  file: OpenFile;
  rows: number;
  waitingRows: number;
  /** Batches that have not gone to the thread yet. */
  gathered: RecordBatch[];
  gatheredRows: number;
  /** Rows of each message that the thread has not answered, oldest first. */
  sent: number[];
  /** Handles the thread's answers one after the other: file writes stay in order. */
  handled: Promise<void>;
  finished: WrittenFile | null;
  failure: Error | undefined;
  /** Called whenever anything above has changed. */
  changed: () => void;
}

/**
 * A writer of zstd Parquet files with a thread of its own for encoding and compressing; file calls go through
 * `files`. Bytes depend on the rows and the options only, never on batches or timing. Errors: ERR_IO_WRITE
 * from the file system, ERR_INVARIANT for rows of another schema or a failing encoder.
 */
export function openShardWriter(
  files: Files,
  options: ShardOptions,
  startEncoder: StartEncoder = createEncoderThread,
): ShardWriter {
  assertOptions(options);
  const thread = startEncoder(options, receive, fail);
  let shard: OpenShard | null = null;

  function receive(message: FromWorker): void {
    const current = shard;
    if (!current) return;
    current.handled = current.handled.then(() => answer(current, message)).catch(fail);
  }

  function fail(error: Error): void {
    if (!shard) return;
    shard.failure ??= error;
    shard.changed();
  }

  function current(): OpenShard {
    if (!shard) throw new ScaleQuestError('ERR_INVARIANT', 'no shard is open, expected open(path) first');
    if (shard.failure !== undefined) throw shard.failure;
    return shard;
  }

  async function open(path: string, temporary: string = temporaryPath(files, path)): Promise<void> {
    if (shard)
      throw new ScaleQuestError('ERR_INVARIANT', `${shard.path} is still open, expected finish() or abort()`);
    shard = beginShard(path, temporary, await files.open(temporary, 'write'));
    thread.send({ kind: 'open' });
  }

  async function write(rows: RecordBatch): Promise<void> {
    const into = current();
    assertSameColumns(options.schema, rows.schema);
    if (rows.numRows === 0) return;
    into.rows += rows.numRows;
    into.waitingRows += rows.numRows;
    into.gathered.push(rows);
    into.gatheredRows += rows.numRows;
    if (into.gatheredRows < Math.min(GATHER_ROWS, options.rowGroupRows)) return;
    sendGathered(thread, into, options.schema);
    await until(into, () => into.waitingRows <= ROW_GROUPS_WAITING_MAX * options.rowGroupRows);
  }

  async function finish(): Promise<WrittenFile> {
    const written = await complete(files, thread, current(), options.schema);
    shard = null;
    return written;
  }

  async function abort(): Promise<void> {
    const aborted = shard;
    if (!aborted) return;
    fail(new ScaleQuestError('ERR_CANCELLED', `writing ${aborted.path} was given up`));
    shard = null;
    // The thread may be busy with rows that nobody wants any more. A new one is cheaper than waiting.
    await thread.stop();
    await discard(files, aborted);
  }

  async function close(): Promise<void> {
    await abort();
    await thread.stop();
  }

  return { open, write, finish, abort, close };
}

function beginShard(path: string, temporary: string, file: OpenFile): OpenShard {
  return {
    ...{ path, temporary, file },
    rows: 0,
    waitingRows: 0,
    gathered: [],
    gatheredRows: 0,
    sent: [],
    handled: Promise.resolve(),
    finished: null,
    failure: undefined,
    changed: () => {},
  };
}

async function answer(shard: OpenShard, message: FromWorker): Promise<void> {
  if (shard.failure !== undefined) return;
  if (message.kind === 'failed') throw encoderFailed(shard.path, message);
  if (message.kind === 'bytes') await shard.file.write(message.bytes);
  if (message.kind === 'taken') shard.waitingRows -= shard.sent.shift() ?? 0;
  if (message.kind === 'finished') shard.finished = message.written;
  shard.changed();
}

/** Waits until `ready` gives a true value, or throws the shard's failure. */
function until<T>(shard: OpenShard, ready: () => T): Promise<NonNullable<T>> {
  return new Promise((resolve, reject) => {
    shard.changed = () => {
      if (shard.failure !== undefined) return reject(shard.failure);
      const value = ready();
      if (value) resolve(value);
    };
    shard.changed();
  });
}

async function complete(
  files: Files,
  thread: EncoderThread,
  shard: OpenShard,
  schema: Schema,
): Promise<WrittenFile> {
  if (shard.rows === 0) {
    await discard(files, shard);
    return { rows: 0, bytes: 0, sha256: '' };
  }
  sendGathered(thread, shard, schema);
  thread.send({ kind: 'finish' });
  const written = await until(shard, () => shard.finished);
  if (written.rows !== shard.rows) {
    throw new ScaleQuestError(
      'ERR_INVARIANT',
      `${written.rows} of ${shard.rows} rows came to the encoder of ${shard.path}, expected all`,
    );
  }
  await publishShard(files, shard);
  return written;
}

function sendGathered(thread: EncoderThread, shard: OpenShard, schema: Schema): void {
  if (shard.gatheredRows === 0) return;
  // All of one schema: at a batch whose types are others of Arrow's, as of columns that were read, its writer would end without a word.
  const batches = shard.gathered.map(({ data, numRows }) => rowsOf(schema, data.children, numRows));
  const ipc = transferable(tableToIPC(new Table(schema, batches), 'stream'));
  shard.sent.push(shard.gatheredRows);
  shard.gathered = [];
  shard.gatheredRows = 0;
  thread.send({ kind: 'rows', ipc });
}

async function publishShard(files: Files, { file, path, temporary }: OpenShard): Promise<void> {
  await file.sync();
  await file.close();
  await publish(files, temporary, path);
}

async function discard(files: Files, { file, temporary, handled }: OpenShard): Promise<void> {
  await handled;
  await file.close().catch(() => {});
  await removeQuietly(files, temporary);
}

/** A view into a shared pool cannot be transferred; tableToIPC may return one. */
function transferable(bytes: Uint8Array): Uint8Array {
  return bytes.byteLength === bytes.buffer.byteLength ? bytes : bytes.slice();
}

function assertOptions({ rowGroupRows, zstdLevel }: ShardOptions): void {
  if (Number.isInteger(rowGroupRows) && rowGroupRows > 0 && zstdLevel >= 1 && zstdLevel <= 22) return;
  throw new ScaleQuestError(
    'ERR_INVARIANT',
    `found rowGroupRows ${rowGroupRows} and zstdLevel ${zstdLevel}, expected a positive integer and 1 to 22`,
  );
}

function encoderFailed(
  path: string,
  { code, message, stack }: FromWorker & { kind: 'failed' },
): ScaleQuestError {
  const cause = Object.assign(new Error(message), { stack });
  return new ScaleQuestError(code as ErrorCode, `cannot encode rows for ${path}: ${message}`, { cause });
}

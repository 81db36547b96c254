import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { Schema, Table, tableToIPC } from 'apache-arrow';
import { buildRows } from '../../../src/arrow/build.js';
import { arrowField } from '../../../src/arrow/arrowType.js';
import { type Column } from '../../../src/arrow/columnType.js';
import type { ScaleQuestError } from '../../../src/errors.js';
import { createEncoderThread } from '../../../src/io/parquet/encoderThread.js';
import type { FromWorker, ToWorker } from '../../../src/io/parquet/shardMessages.js';

const SEQ: Column = { name: 'seq', type: 'int32', help: '' };
const OPTIONS = { schema: new Schema([arrowField(SEQ)]), metadata: {}, rowGroupRows: 2, zstdLevel: 1 };

/** A thread whose messages are kept; `until` waits for one of a kind, or for the thread's error. */
function startThread(t: TestContext) {
  const messages: FromWorker[] = [];
  const errors: ScaleQuestError[] = [];
  let changed = (): void => {};
  const thread = createEncoderThread(
    OPTIONS,
    (message) => (messages.push(message), changed()),
    (error) => (errors.push(error), changed()),
  );
  t.after(() => thread.stop());
  const until = (isReached: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      changed = () => isReached() && resolve();
      changed();
    });
  return { thread, messages, errors, until };
}

function rows(...seqs: number[]): ToWorker {
  const ipc = tableToIPC(new Table(buildRows([SEQ], [seqs], seqs.length)), 'stream');
  return { kind: 'rows', ipc: ipc.slice() };
}

const isFinished = (messages: readonly FromWorker[]): boolean => messages.at(-1)?.kind === 'finished';

test('a shard is encoded in the thread; a thread that was stopped starts anew', async (t) => {
  const { thread, messages, errors, until } = startThread(t);
  const encode = async (): Promise<FromWorker> => {
    for (const message of [{ kind: 'open' } as const, rows(0, 1, 2), { kind: 'finish' } as const])
      thread.send(message);
    await until(() => isFinished(messages));
    return messages.splice(0).at(-1)!;
  };
  const first = await encode();
  assert.ok(first.kind === 'finished' && first.written.rows === 3);
  await thread.stop();
  assert.deepEqual(await encode(), first);
  assert.deepEqual(errors, []);
});

test('no message comes after the stop, and a stop is no error', async (t) => {
  const { thread, messages, errors } = startThread(t);
  thread.send({ kind: 'open' });
  thread.send(rows(0, 1));
  await thread.stop();
  messages.length = 0;
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.deepEqual([messages, errors], [[], []]);
});

test('rows that cannot be read are told, and the thread goes on with the next shard', async (t) => {
  const { thread, messages, errors, until } = startThread(t);
  thread.send({ kind: 'open' });
  thread.send({ kind: 'rows', ipc: Uint8Array.of(255, 255, 255, 255, 40, 0, 0, 0, 1, 2, 3) });
  await until(() => messages.at(-1)?.kind === 'failed');
  for (const message of [{ kind: 'open' } as const, rows(7), { kind: 'finish' } as const])
    thread.send(message);
  await until(() => isFinished(messages));
  assert.deepEqual(errors, []);
});

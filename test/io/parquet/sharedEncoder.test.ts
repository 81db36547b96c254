import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Schema } from 'apache-arrow';
import { arrowField } from '../../../src/arrow/arrowType.js';
import type { EncoderThread, StartEncoder } from '../../../src/io/parquet/encoderThread.js';
import { createEncoderThread } from '../../../src/io/parquet/encoderThread.js';
import { type RejectRow, createRejectsEncoder } from '../../../src/io/parquet/rejectsEncoder.js';
import { shareEncoder } from '../../../src/io/parquet/sharedEncoder.js';
import { encoderHere } from '../../helpers/files/encoderHere.js';

const SCHEMA = new Schema([arrowField({ name: 'seq', type: 'int32', help: '' })]);
const OPTIONS = { schema: SCHEMA, metadata: {}, rowGroupRows: 2, zstdLevel: 1 };

function lost(count: number): RejectRow[] {
  return Array.from({ length: count }, (_, seq) => ({
    ...{ seq, seqIndex: 0, step: 'filter', reason: 'short', kind: 'dropped', message: '' },
    ...{ question: `Wie viele Äpfel sind ${seq}?`, reply: seq % 2 === 0 ? null : 'keine' },
  }));
}

/** A writer of shards as far as it starts and stops the thread. */
function shardsOf(forShards: StartEncoder): { thread: EncoderThread; errors: Error[] } {
  const errors: Error[] = [];
  const thread = forShards(
    OPTIONS,
    () => {},
    (error) => errors.push(error),
  );
  return { thread, errors };
}

test('lost rows that a thread encodes are the same bytes, table after table', async () => {
  const { forShards, forRejects } = shareEncoder(createEncoderThread, OPTIONS);
  const { thread } = shardsOf(forShards);
  for (const rows of [lost(5), lost(1)]) {
    const here = createRejectsEncoder();
    const expected = Buffer.concat([here.write(rows), here.finish()]);
    forRejects.open();
    const pieces = [forRejects.write(rows.slice(0, 2)), forRejects.write(rows.slice(2)), forRejects.finish()];
    assert.deepEqual(Buffer.concat(await Promise.all(pieces)), expected);
  }
  await thread.stop();
});

test('a table that is opened drops what is left of the one before', async () => {
  const { forShards, forRejects } = shareEncoder(encoderHere, OPTIONS);
  shardsOf(forShards);
  const here = createRejectsEncoder();
  const expected = Buffer.concat([here.write(lost(1)), here.finish()]);
  forRejects.open();
  await forRejects.write(lost(3));
  forRejects.open();
  const pieces = await Promise.all([forRejects.write(lost(1)), forRejects.finish()]);
  assert.deepEqual(Buffer.concat(pieces), expected);
});

test('rows that cannot be encoded fail with their error, and the shards do not', async () => {
  const { forShards, forRejects } = shareEncoder(encoderHere, OPTIONS);
  const { errors } = shardsOf(forShards);
  forRejects.open();
  await forRejects.write([{ ...lost(1)[0]!, seq: 'one' as unknown as number }]);
  await assert.rejects(forRejects.finish(), { code: 'ERR_INVARIANT', message: /cannot encode lost rows: / });
  assert.deepEqual(errors, []);
});

test('when the thread is stopped, nobody waits for it', async () => {
  const { forShards, forRejects } = shareEncoder(createEncoderThread, OPTIONS);
  const { thread } = shardsOf(forShards);
  forRejects.open();
  const asked = forRejects.write(lost(1));
  await Promise.all([assert.rejects(asked, { code: 'ERR_CANCELLED' }), thread.stop()]);
});

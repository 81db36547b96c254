import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { Schema, Table, tableToIPC } from 'apache-arrow';
import { buildRows } from '../../../src/arrow/build.js';
import { arrowField } from '../../../src/arrow/arrowType.js';
import { type Column } from '../../../src/arrow/columnType.js';
import { createShardAnswers } from '../../../src/io/parquet/shardAnswers.js';
import type { FromWorker, ToWorker } from '../../../src/io/parquet/shardMessages.js';
import { loadZstd } from '../../../src/io/parquet/zstd.js';

const SEQ: Column = { name: 'seq', type: 'int32', help: '' };
const OPTIONS = { schema: new Schema([arrowField(SEQ)]), metadata: {}, rowGroupRows: 2, zstdLevel: 1 };

function rows(...seqs: number[]): ToWorker {
  return { kind: 'rows', ipc: tableToIPC(new Table(buildRows([SEQ], [seqs], seqs.length)), 'stream') };
}

/** What is answered to these messages, in order. */
function answersTo(...messages: ToWorker[]): FromWorker[] {
  const answers: FromWorker[] = [];
  const answer = createShardAnswers(OPTIONS, (message) => answers.push(message));
  messages.forEach(answer);
  return answers;
}

function kindsOf(answers: readonly FromWorker[]): string[] {
  return answers.map(({ kind }) => kind);
}

before(loadZstd);

test('rows are answered with the bytes that they complete, then `taken`; the end with the rest', () => {
  const answers = answersTo({ kind: 'open' }, rows(0), rows(1, 2), { kind: 'finish' });
  assert.deepEqual(kindsOf(answers), ['taken', 'bytes', 'taken', 'bytes', 'bytes', 'finished']);
  const bytes = answers.reduce((sum, each) => sum + (each.kind === 'bytes' ? each.bytes.length : 0), 0);
  const last = answers.at(-1)!;
  assert.ok(last.kind === 'finished' && last.written.rows === 3 && last.written.bytes === bytes);
});

test('one shard after the other is the same shard again', () => {
  const shard: ToWorker[] = [{ kind: 'open' }, rows(0, 1), { kind: 'finish' }];
  const [first, second] = answersTo(...shard, ...shard).filter(({ kind }) => kind === 'finished');
  assert.deepEqual(first, second);
});

test('what fails is an answer too, with its code and stack', () => {
  const [failed] = answersTo(rows(0));
  assert.ok(failed?.kind === 'failed');
  assert.equal(failed.code, 'ERR_INVARIANT');
  assert.match(failed.message, /no file is open/);
  assert.match(failed.stack, /shardAnswers/);
});

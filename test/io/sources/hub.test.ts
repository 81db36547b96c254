import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { systemClock } from '../../../src/clock.js';
import { hubOf } from '../../../src/io/hub/hubAccess.js';
import { nodeFiles } from '../../../src/io/files/files.js';
import { hub as hubFormat } from '../../../src/io/sources/hub.js';
import { sourceReader } from '../../../src/io/sources/sourceReader.js';
import { rowsIn } from '../../helpers/files/readSource.js';
import { addSet, startReadHubServer } from '../../helpers/readHubServer.js';

async function hub(t: TestContext) {
  const server = await startReadHubServer();
  t.after(() => server.close());
  return server;
}

function readerOf(url: string | null, options: object) {
  const parsed = hubFormat.schema.parse(options);
  const access = url === null ? undefined : hubOf({ HF_ENDPOINT: url }, { clock: systemClock });
  return sourceReader({ hub: parsed, batchRows: 4 }, '/', nodeFiles, undefined, access);
}

async function allOf(url: string, options: object, from = 0): Promise<Record<string, unknown>[]> {
  const read = readerOf(url, options);
  const rows: Record<string, unknown>[] = [];
  for (let lo = from; ;) {
    const batch = await read(lo, 4);
    if (!batch) return rows;
    rows.push(...rowsIn(batch));
    lo += batch.numRows;
  }
}

function parquetOf(from: number, count: number): Buffer {
  const numbers = Array.from({ length: count }, (_, at) => from + at);
  const columnData = [
    { name: 'problem', data: numbers.map((at) => `What is ${at} + 1?`), type: 'STRING' as const },
    { name: 'junk', data: numbers.map((at) => `${at}`.repeat(400_000)), type: 'STRING' as const },
  ];
  return Buffer.from(parquetWriteBuffer({ columnData, codec: 'UNCOMPRESSED', statistics: false }));
}

test('the Parquet files that the hub has made are read by ranges, one split of one config, from a position on', async (t) => {
  const server = await hub(t);
  const files = {
    'main/train/0000.parquet': parquetOf(0, 6),
    'main/train/0001.parquet': parquetOf(6, 5),
    'main/test/0000.parquet': parquetOf(90, 3),
  };
  addSet(server, 'me/set', files, { ref: 'refs/convert/parquet' });
  const options = { dataset: 'me/set', from: { question: 'problem' } };
  const rows = await allOf(server.url, options);
  assert.deepEqual(
    rows.map(({ seq, question }) => [seq, question]),
    Array.from({ length: 11 }, (_, seq) => [seq, `What is ${seq} + 1?`]),
  );
  const bytes = files['main/train/0000.parquet'].length + files['main/train/0001.parquet'].length;
  // Half a mebibyte at the end of each file, where its footer is, and the one column.
  assert.ok(
    server.bytesSent < 2 * (512 << 10) + 10_000 && server.bytesSent < bytes / 4,
    `${server.bytesSent} of ${bytes}`,
  );
  assert.deepEqual(await allOf(server.url, options, 7), rows.slice(7));
  assert.equal((await allOf(server.url, { ...options, split: 'test' })).length, 3);
});

test('files of the repository itself: JSON Lines and CSV, by a pattern', async (t) => {
  const server = await hub(t);
  addSet(server, 'me/set', {
    'README.md': 'A set.',
    'data/b.jsonl': '{"question":"b"}\n',
    'data/a.jsonl': '{"question":"a"}\n{"question":"c"}\n',
    'data/a.csv': 'question,level\nd,1\n',
  });
  const lines = await allOf(server.url, { dataset: 'me/set', files: 'data/*.jsonl' });
  assert.deepEqual(
    lines.map(({ question }) => question),
    ['a', 'c', 'b'],
  );
  const columns = { question: 'string', level: 'int32' };
  const [row] = await allOf(server.url, { dataset: 'me/set', files: 'data/a.csv', columns });
  assert.deepEqual([row!['question'], row!['level']], ['d', 1]);
  await assert.rejects(
    allOf(server.url, { dataset: 'me/set', files: '**' }),
    /found README\.md among the files/,
  );
  await assert.rejects(
    allOf(server.url, { dataset: 'me/set', files: 'data/*.csv', columns: { answer: 'string' } }),
    {
      code: 'ERR_DATA_INVALID',
      message: /hf:\/\/datasets\/me\/set@aaaaaaaaaaaa\/data\/a\.csv/,
    },
  );
});

test('nothing is asked before rows are; without a hub the message says who reads it', async () => {
  const options = hubFormat.schema.parse({ dataset: 'me/set' });
  const { paths, columns } = hubFormat.describe(options);
  assert.deepEqual([paths, columns.map(({ name }) => name)], [[], ['question']]);
  await assert.rejects(async () => readerOf(null, { dataset: 'me/set' })(0, 1), {
    code: 'ERR_HUB_UNREACHABLE',
    message: /no hub to read me\/set from/,
  });
});

test('options that do not go together are refused', () => {
  const faultOf = (options: object) => hubFormat.schema.safeParse(options).error?.issues[0]?.message;
  assert.match(
    faultOf({ dataset: 'me/set', files: 'a.csv', config: 'main' })!,
    /expected no `files` with it/,
  );
  assert.match(faultOf({ dataset: '../etc' })!, /expected owner\/name/);
  assert.match(faultOf({ dataset: 'me/set', from: { answer: 'a' } })!, /one of the columns that are read/);
});

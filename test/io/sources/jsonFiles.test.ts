import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { compressZstd, loadZstd } from '../../../src/io/parquet/zstd.js';
import { readSource } from '../../helpers/files/readSource.js';
import { testFolder } from '../../helpers/files/testFolder.js';

test('a folder is read whole: both endings, each also compressed, in name order, from any position', async (t) => {
  await loadZstd();
  const folder = await testFolder(t);
  const line = (...texts: string[]): string =>
    texts.map((question) => `${JSON.stringify({ question })}\n`).join('');
  await writeFile(join(folder, 'a.jsonl'), line('a1', 'a2'));
  await writeFile(join(folder, 'b.jsonl.gz'), gzipSync(line('b1', 'b2')));
  await writeFile(join(folder, 'c.ndjson'), line('c1'));
  await writeFile(join(folder, 'd.ndjson.zst'), compressZstd(Buffer.from(line('d1', 'd2')), 3));
  const all = ['a1', 'a2', 'b1', 'b2', 'c1', 'd1', 'd2'];
  for (let from = 0; from <= all.length; from++) {
    const { rows } = await readSource('jsonl', { path: '.' }, { folder, from });
    assert.deepEqual(
      rows.map(({ question, seq }) => [seq, question]),
      all.map((question, seq) => [seq, question]).slice(from),
    );
  }
});

test('an array, on one line or printed, is read as lines are; what is in it is told by line', async (t) => {
  const folder = await testFolder(t);
  const rows = [{ question: 'a' }, { question: 'b', x: ['{', ']'] }, { question: 7 }];
  for (const text of [JSON.stringify(rows), `\ufeff \n${JSON.stringify(rows, null, 2)}\n`]) {
    await writeFile(join(folder, 'a.json'), text);
    const found = await readSource('json', { path: 'a.json' }, { folder, from: 1 });
    assert.deepEqual(
      found.rows.map(({ question }) => question),
      ['b', '7'],
    );
  }
  await writeFile(join(folder, 'a.json'), '[\n{"question":"a"},\n5\n]');
  await assert.rejects(
    readSource('json', { path: 'a.json' }, { folder }),
    /a\.json:3: found "5", expected one JSON/,
  );
  const skipping = { path: 'a.json', onBadLine: 'skip' };
  assert.deepEqual(
    (await readSource('json', skipping, { folder })).skipped.map(({ line }) => line),
    [3],
  );
  await writeFile(join(folder, 'a.json'), '[{"question":"a"}\n{"question":"b"}]');
  await assert.rejects(readSource('json', { path: 'a.json' }, { folder }), { code: 'ERR_DATA_INVALID' });
  await writeFile(join(folder, 'a.json'), '[{"question":"a"},');
  await assert.rejects(
    readSource('json', skipping, { folder }),
    /a\.json:1: .*end of the file within the array/,
  );
});

test('lines that end in CR, UTF-16 by its mark, and a declared encoding', async (t) => {
  const folder = await testFolder(t);
  const path = join(folder, 'a.jsonl');
  const questions = async (options: object = {}): Promise<unknown[]> =>
    (await readSource('jsonl', { path: 'a.jsonl', ...options }, { folder })).rows.map(
      ({ question }) => question,
    );
  await writeFile(path, '{"question":"a"}\r{"question":"b"}\r');
  assert.deepEqual(await questions(), ['a', 'b']);
  await writeFile(path, Buffer.from('\ufeff{"question":"é😀"}\r\n{"question":"b"}', 'utf16le'));
  assert.deepEqual(await questions(), ['é😀', 'b']);
  await writeFile(path, Buffer.from('{"question":"na\xefve \x93x\x94"}\n', 'latin1'));
  assert.deepEqual(await questions({ encoding: 'cp1252' }), ['naïve “x”']);
  await assert.rejects(questions(), /a\.jsonl:1: byte 0xEF at position 15 .*encoding: windows-1252/);
  await writeFile(path, Buffer.from('{"question":"a"}', 'utf16le'));
  await assert.rejects(questions(), /a\.jsonl:1: .*NUL bytes.*utf-16le/);
});

test('a long line takes time in proportion to its length, and no more than lineBytesMax', async (t) => {
  const folder = await testFolder(t);
  const path = join(folder, 'a.jsonl');
  const cpuMs = async (megabytes: number): Promise<number> => {
    await writeFile(path, `{"question":"q","blob":"${'x'.repeat(megabytes << 20)}"}\n{"question":"next"}\n`);
    const started = process.cpuUsage();
    const { rows } = await readSource('jsonl', { path: 'a.jsonl' }, { folder });
    assert.deepEqual(
      rows.map(({ question }) => question),
      ['q', 'next'],
    );
    const { user, system } = process.cpuUsage(started);
    return (user + system) / 1000;
  };
  await cpuMs(1);
  const short = await cpuMs(8);
  const long = await cpuMs(32);
  // Four times the bytes; a quadratic reader takes sixteen times as long.
  assert.ok(long < 9 * short + 100, `${short} ms, then ${long} ms`);
  await assert.rejects(
    readSource('jsonl', { path: 'a.jsonl', lineBytesMax: 1 << 20 }, { folder }),
    /a\.jsonl:1: found more than 1048576 bytes .*lineBytesMax/,
  );
});

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { csv } from '../../../src/io/sources/csv.js';
import { nodeFiles } from '../../../src/io/files/files.js';
import { readSource } from '../../helpers/files/readSource.js';
import { testFolder } from '../../helpers/files/testFolder.js';

const COLUMNS = { question: 'string', score: 'float64' };

test('columns by their names in the header, in any order, from any position', async (t) => {
  const folder = await testFolder(t);
  await writeFile(
    join(folder, 'a.csv'),
    '\ufeffscore,x,question\r\n0.5,,"a, ""b"""\r\n\r\n,y,"two\r\nlines"\r\n',
  );
  await writeFile(join(folder, 'b.csv.gz'), gzipSync('question,score\nc,nan\n'));
  const all = [
    { seq: 0, question: 'a, "b"', score: 0.5 },
    { seq: 1, question: 'two\r\nlines', score: null },
    { seq: 2, question: 'c', score: null },
  ];
  for (const from of [0, 1, 2, 3])
    assert.deepEqual(
      (await readSource('csv', { path: '.', columns: COLUMNS }, { folder, from })).rows,
      all.slice(from),
    );
});

test('a header that lacks a column, has it twice, or is divided otherwise, is told', async (t) => {
  const folder = await testFolder(t);
  const read = async (text: string, options: object = {}): Promise<unknown> => {
    await writeFile(join(folder, 'a.csv'), text);
    return (await readSource('csv', { path: 'a.csv', columns: COLUMNS, ...options }, { folder })).rows;
  };
  await assert.rejects(read('question,scores\na,1\n'), {
    code: 'ERR_DATA_INVALID',
    message: /a\.csv:1: found the columns question, scores, expected a column "score"/,
  });
  await assert.rejects(read('question,score,score\na,1,2\n'), /found the column "score" more than once/);
  await assert.rejects(read('question;score\na;1\n'), /divided by ";": say `delimiter: ";"`/);
  assert.deepEqual(await read('question;score\na;1\n', { delimiter: ';' }), [
    { seq: 0, question: 'a', score: 1 },
  ]);
  assert.deepEqual(await read('1,a\n', { header: ['score', 'question'] }), [
    { seq: 0, question: 'a', score: 1 },
  ]);
  // What is not read may be anything.
  assert.deepEqual(await read('x,x,question,score\n,,a,1\n'), [{ seq: 0, question: 'a', score: 1 }]);
  assert.deepEqual(await read(''), []);
});

test('ragged rows and wrong values stop, or are skipped and told', async (t) => {
  const folder = await testFolder(t);
  const options = { path: 'a.csv', columns: COLUMNS };
  await writeFile(join(folder, 'a.csv'), 'question,score\na,1\nb\nc,x\nd,"4"\ne,5,6\n');
  await assert.rejects(
    readSource('csv', options, { folder }),
    /a\.csv:3: found 1 fields, expected 2, .*it is row 1/,
  );
  for (const from of [0, 1]) {
    const { rows, skipped } = await readSource('csv', { ...options, onBadLine: 'skip' }, { folder, from });
    assert.deepEqual(
      rows.map(({ seq, question }) => [seq, question]),
      [
        [0, 'a'],
        [1, 'd'],
      ].slice(from),
    );
    assert.deepEqual(
      skipped.map(({ line, position, file }) => [file, line, position]),
      [
        ['a.csv', 3, 1],
        ['a.csv', 4, 1],
        ['a.csv', 6, 2],
      ],
    );
    assert.match(skipped[1]!.message, /column "score": found "x", expected a finite number/);
  }
});

test('the head tells the names and the rows, and what would end the run there', async (t) => {
  const path = join(await testFolder(t), 'a.csv');
  const head = async (text: string | Uint8Array, options: object = {}): Promise<unknown> => {
    await writeFile(path, text);
    const request = { file: path, rowsMax: 2, charactersMax: 1000 };
    const parsed = csv.schema.parse({ path, columns: { b: 'int32' }, ...options });
    const { rows, columns, isWhole, isSchema } = await csv.readHead(nodeFiles, request, parsed);
    assert.equal(isSchema, true);
    return [rows, [...columns], isWhole];
  };
  assert.deepEqual(await head('a,b\n1,2\n'), [1, ['a', 'b'], true]);
  assert.deepEqual(await head('a,b\n'), [0, ['a', 'b'], true]);
  assert.deepEqual(await head(''), [0, [], true]);
  assert.deepEqual(await head(`a,b\n1,2\n${'x,3\n'.repeat(1000)}`), [248, ['a', 'b'], false]);
  // A field that is cut off, with the quote that would close it, is no fault.
  assert.deepEqual(await head(`a,b\n1,2\n"${'x\n'.repeat(1000)}",3\n`), [1, ['a', 'b'], false]);
  // Who asks compares the names.
  assert.deepEqual(await head('a,c\n1,2\n'), [0, ['a', 'c'], false]);
  assert.deepEqual(await head('7\nx\n', { header: ['b'], onBadLine: 'skip' }), [1, ['b'], true]);
  await assert.rejects(head('b,b\n1,2\n'), /found the column "b" more than once/);
  await assert.rejects(head('a,b\n1,x\n'), /a\.csv:2: column "b", row 0: found "x"/);
  await assert.rejects(head('a,b\n1\n'), /a\.csv:2: found 1 fields, expected 2/);
  await assert.rejects(head('a,"b'), /quote/);
  await assert.rejects(head(gzipSync('a,b\n1,2\n').subarray(0, 20)), /whole gzip file/);
});

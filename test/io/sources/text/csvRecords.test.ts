import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CsvRecord, type CsvStyle, csvRecords } from '../../../../src/io/sources/text/csvRecords.js';
import type { TextBlock } from '../../../../src/io/sources/text/readText.js';
import { collect } from '../../../helpers/texts/chunks.js';

async function* blocksOf(
  text: string,
  chars: number,
  faults: TextBlock['faults'],
): AsyncGenerator<TextBlock> {
  for (let at = 0; at < text.length; at += chars)
    yield { text: text.slice(at, at + chars), faults: at === 0 ? faults : [] };
}

async function read(
  text: string,
  style: Partial<CsvStyle> = {},
  { chars = 1000, faults = [] as TextBlock['faults'] } = {},
): Promise<CsvRecord[]> {
  const all = { delimiter: ',', quote: '"', recordBytesMax: 10_000, ...style };
  return (await collect(csvRecords(blocksOf(text, chars, faults), 'a.csv', all))).flat();
}

test('fields of every kind, with the line that each record begins in, wherever the pieces end', async () => {
  const text = '\ufeffa,b\r\n"x ""y"", z",\r\n\n"two\nlines",""\rlast,😀';
  const expected = [
    { line: 1, cells: ['a', 'b'] },
    { line: 2, cells: ['x "y", z', null] },
    { line: 4, cells: ['two\nlines', ''] },
    { line: 6, cells: ['last', '😀'] },
  ];
  for (const chars of [2, 3, 7, 1000]) assert.deepEqual(await read(text, {}, { chars }), expected);
});

test('an empty cell in quotes is text, and one without is none, whatever stands around them', async () => {
  const text = '\n\n"",,"a,"",b",""\r\n,"""",\n"x\n,,",,""';
  for (const chars of [3, 1000])
    assert.deepEqual(
      (await read(text, {}, { chars })).map(({ cells }) => cells),
      [
        ['', null, 'a,",b', ''],
        [null, '"', null],
        ['x\n,,', null, ''],
      ],
    );
  for (const end of ['\n', '\r\n', '\r']) {
    const lines = ['a,b,c', '"",x"y",""', '', '"",,z', '"two', 'lines",,""', '1,x"y",', ',"",'].join(end);
    assert.deepEqual(
      (await read(lines)).filter(({ fault }) => fault === undefined).map(({ cells }) => cells),
      [
        ['a', 'b', 'c'],
        ['', null, 'z'],
        [`two${end}lines`, null, ''],
        [null, '', null],
      ],
      JSON.stringify(end),
    );
  }
  assert.deepEqual((await read('"",;\n', { delimiter: ';', quote: null }))[0]!.cells, ['"",', null]);
});

test(
  'many empty lines before a record, or lines in a cell of it, are read in linear time',
  { timeout: 20_000 },
  async () => {
    const texts = [`a,b\n${'\n'.repeat(300_000)}"",x\n`, `a,b\n"","${'l\n'.repeat(150_000)}"\n`];
    for (const text of texts) {
      const records = await read(text, { recordBytesMax: 1_000_000 }, { chars: 1 << 20 });
      assert.equal(records[1]!.cells[0], '');
    }
  },
);

test('records come before the whole of a text is read: a fault at its beginning is found soon', async () => {
  const reading = csvRecords(blocksOf(`a,b\n1,x"\n${'1,x"y"\n'.repeat(20_000)}`, 1 << 20, []), 'a.csv', {
    ...{ delimiter: ',', quote: '"', recordBytesMax: 10_000 },
  });
  const { value: first } = (await reading.next()) as { value: CsvRecord[] };
  assert.ok(first.length < 2000, `${first.length}`);
  assert.match(first[1]!.fault!, /misplaced quote/);
  await reading.return(undefined);
});

test('a misplaced quote is a fault of its record; the records around it are read', async () => {
  const records = await read('a,b\n1,x "y" z\n2,ok\n3,n"o"\n4,ok\n');
  assert.deepEqual(
    records.map(({ line, fault }) => [line, fault === undefined]),
    [
      [1, true],
      [2, false],
      [3, true],
      [4, false],
      [5, true],
    ],
  );
  assert.match(records[1]!.fault!, /misplaced quote .*`quote: none`/);
  const plain = await read('a,b\n1,x "y" z\n', { quote: null });
  assert.deepEqual(plain[1]!.cells, ['1', 'x "y" z']);
});

test('a quote that is never closed ends the reading with the line where the record begins', async () => {
  await assert.rejects(read('a,b\n1,2\n"3,4\n5,6\n'), {
    code: 'ERR_DATA_INVALID',
    message: /^a\.csv:3: found a quote that is never closed/,
  });
  await assert.rejects(read('a,b\n1,2\n"3" x,4\n5,6\n'), {
    code: 'ERR_DATA_INVALID',
    message: /^a\.csv:3: found a misplaced quote/,
  });
  await assert.rejects(
    read(`a\n1\n"${'x'.repeat(500)}`, { recordBytesMax: 100 }),
    /^ScaleQuestError: a\.csv:3: .*lineBytesMax/,
  );
});

test('bytes that are no text are a fault of the record that holds them', async () => {
  const faults = [{ line: 3, message: 'bad byte' }];
  const records = await read('a\n1\n"2\n\ufffd"\n3\n', {}, { faults });
  assert.deepEqual(
    records.map(({ fault }) => fault),
    [undefined, undefined, 'bad byte', undefined],
  );
});

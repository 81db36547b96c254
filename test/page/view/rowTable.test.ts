import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { nodeFiles } from '../../../src/io/files/files.js';
import { type RowTable, openRowTable } from '../../../src/page/view/rowTable.js';
import { selectRows } from '../../../src/page/view/selectRows.js';
import { readCommittedRows } from '../../../src/run/diff/readRun.js';
import { testFolder } from '../../helpers/files/testFolder.js';
import { ANSWER_COLUMNS, writtenRun } from '../../helpers/runs/writtenRun.js';

interface Opened {
  kept: RowTable;
  lost: RowTable;
  /** Bytes that were fetched so far. */
  fetched(): number;
}

/** 1,000 positions, every tenth of them lost, in four commits of row groups of 64. */
async function openedRun(t: TestContext): Promise<Opened> {
  const folder = await writtenRun({
    ...{ folder: join(await testFolder(t), 'run'), rows: 1000, commitRows: 250, rowGroupRows: 64 },
    columns: ANSWER_COLUMNS,
    row: (seq) =>
      seq % 10 === 3
        ? {
            step: seq % 20 === 3 ? 'one' : 'two',
            kind: 'dropped',
            reason: 'low',
            question: `lost ${seq}`,
            reply: null,
          }
        : [`What is ${seq}?`, seq % 7 === 0 ? `SEVEN times ${seq / 7}` : 'none', (seq * 37) % 1000],
  });
  const { commits } = await readCommittedRows(nodeFiles, folder);
  let bytes = 0;
  const fetchBytes = async (file: string, start: number, end: number): Promise<ArrayBuffer> => {
    bytes += end - start;
    const all = readFileSync(join(folder, file));
    return all.buffer.slice(all.byteOffset + start, all.byteOffset + end) as ArrayBuffer;
  };
  const open = (kind: 'shard' | 'rejects') =>
    openRowTable(
      commits.map((commit) => commit[kind]!),
      fetchBytes,
    );
  return { kept: open('shard'), lost: open('rejects'), fetched: () => bytes };
}

test('rows are read across row groups and files, and those that were read are not fetched again', async (t) => {
  const { kept, lost, fetched } = await openedRun(t);
  assert.deepEqual([kept.rows, lost.rows], [900, 100]);
  const rows = await kept.read(220, 232, ['seq', 'question']);
  const seqs = Array.from({ length: 1000 }, (_, seq) => seq).filter((seq) => seq % 10 !== 3);
  assert.deepEqual(
    rows.map(({ seq }) => seq),
    seqs.slice(220, 232),
  );
  assert.equal(rows[0]!['question'], `What is ${seqs[220]}?`);
  const before = fetched();
  await kept.read(222, 226, ['seq', 'question']);
  assert.equal(fetched(), before);
  assert.deepEqual(
    (await lost.read(99, 200, ['seq', 'step'])).map(({ seq, step }) => [seq, step]),
    [[993, 'two']],
  );
  assert.deepEqual(await kept.read(900, 910, ['seq']), []);
});

test('what fails once is fetched again', async (t) => {
  const { kept } = await openedRun(t);
  let fails = true;
  const table = openRowTable([{ file: 'a', rows: 1, bytes: 1000 }], async () => {
    if (fails) throw new Error('gone');
    return new ArrayBuffer(1000);
  });
  await assert.rejects(table.read(0, 1, ['seq']), /gone/);
  fails = false;
  await assert.rejects(table.read(0, 1, ['seq']), (error: Error) => !/gone/.test(error.message));
  assert.equal(kept.rows, 900);
});

test('a filter of numbers does not fetch the texts', async (t) => {
  const { kept, fetched } = await openedRun(t);
  // The footers.
  await kept.read(0, 900, ['seq']);
  const filter = { text: '', textColumns: ['question', 'response'], equal: {}, sort: null };
  const before = fetched();
  await selectRows(kept, { ...filter, range: { column: 'reward', min: 900, max: null } });
  const numbersBytes = fetched() - before;
  await selectRows(kept, { ...filter, text: 'seven', range: null });
  const textBytes = fetched() - before - numbersBytes;
  assert.ok(numbersBytes < textBytes, `${numbersBytes} of numbers, ${textBytes} of texts`);
});

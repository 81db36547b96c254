import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readTable } from '../../../src/io/sources/readTable.js';
import { temporaryFolder } from '../../helpers/commandLine.js';

const COLUMNS = { persona: 'string', age: 'int64', weight: 'float64' } as const;

test('the columns of JSON Lines, CSV, and a folder of files; null where a row has no value', async () => {
  const folder = temporaryFolder();
  writeFileSync(
    join(folder, 'a.jsonl'),
    '{"persona":"a nurse","age":41,"x":1}\n{"persona":"a smith","weight":0.5}\n',
  );
  writeFileSync(join(folder, 'a.csv'), 'weight,persona,age\n,a nurse,41\n0.5,a smith,\n');
  mkdirSync(join(folder, 'more'));
  writeFileSync(join(folder, 'more', '1.jsonl'), '{"persona":"a nurse","age":41}\n');
  writeFileSync(join(folder, 'more', '2.jsonl'), '{"persona":"a smith","weight":0.5}\n');
  const tables = await Promise.all(
    ['a.jsonl', 'a.csv', 'more'].map((name) => readTable(join(folder, name), COLUMNS)),
  );
  for (const { rows, columns } of tables) {
    assert.equal(rows, 2);
    assert.deepEqual(Object.fromEntries(columns), {
      persona: ['a nurse', 'a smith'],
      age: [41n, null],
      weight: [null, 0.5],
    });
  }
  assert.equal(new Set(tables.map(({ hash }) => hash)).size, 1);
});

test('the hash is of the values that are read, and of no others', async () => {
  const folder = temporaryFolder();
  const hashOf = async (line: string): Promise<string> => {
    writeFileSync(join(folder, 'a.jsonl'), line);
    return (await readTable(join(folder, 'a.jsonl'), COLUMNS)).hash;
  };
  const first = await hashOf('{"persona":"a","age":1}');
  assert.equal(await hashOf('{"age":1,"persona":"a","other":3}'), first);
  assert.notEqual(await hashOf('{"persona":"a","age":2}'), first);
  assert.notEqual(await hashOf('{"persona":"1","age":null}'), await hashOf('{"persona":null,"age":1}'));
});

test('a table that takes more memory than it may is not read', async () => {
  const folder = temporaryFolder();
  const path = join(folder, 'a.jsonl');
  writeFileSync(path, `${JSON.stringify({ persona: 'x'.repeat(600_000) })}\n`);
  assert.equal((await readTable(path, { persona: 'string' }, { memoryMiB: 2 })).rows, 1);
  await assert.rejects(readTable(path, { persona: 'string' }, { memoryMiB: 1 }), {
    code: 'ERR_MEMORY',
    message: new RegExp(`^the columns of ${path} that are read take more than 1 MiB; `),
  });
});

test('a file that is not there, of no format, or without the column', async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'a.txt'), 'x');
  writeFileSync(join(folder, 'a.csv'), 'name\nx\n');
  await assert.rejects(readTable(join(folder, 'b.csv'), COLUMNS), { code: 'ERR_IO_READ' });
  await assert.rejects(readTable(join(folder, 'a.txt'), COLUMNS), { code: 'ERR_DATA_INVALID' });
  await assert.rejects(readTable(join(folder, 'a.csv'), COLUMNS), {
    code: 'ERR_DATA_INVALID',
    message: /persona/,
  });
});

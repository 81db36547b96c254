import assert from 'node:assert/strict';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { hashBytes } from '../../../src/io/files/atomicFile.js';
import { nodeFiles } from '../../../src/io/files/files.js';
import { type CommittedState, openStateWriter, readStates } from '../../../src/io/runFolder/stateFile.js';
import { writeState } from '../../helpers/files/commitFiles.js';
import { collect } from '../../helpers/texts/chunks.js';
import { deriveSeed } from '../../../src/random.js';
import { testFolder } from '../../helpers/files/testFolder.js';

const entry = fc.record({
  seq: fc.nat(1e6),
  step: fc.constantFrom('deduplicate', 'mine'),
  value: fc.jsonValue().filter((value) => !JSON.stringify(value).includes('-0')),
});

async function entriesIn(states: readonly CommittedState[], step: string): Promise<unknown[]> {
  return (await collect(readStates(nodeFiles, states, step))).flat();
}

test('what is written is read back, step by step, over several files in their order', async (t) => {
  const folder = await testFolder(t);
  await fc.assert(
    fc.asyncProperty(
      fc.array(entry, { minLength: 1 }),
      fc.array(entry, { minLength: 1 }),
      async (one, two) => {
        const states = [];
        for (const [at, entries] of [one, two].entries()) {
          const path = join(folder, `state-${at}`);
          const { sha256, rows } = (await writeState(nodeFiles, path, entries))!;
          assert.equal(rows, entries.length);
          states.push({ path, sha256 });
        }
        for (const step of ['deduplicate', 'mine']) {
          const written = [...one, ...two].filter((item) => item.step === step);
          assert.deepEqual(await entriesIn(states, step), JSON.parse(JSON.stringify(written)));
        }
      },
    ),
    { numRuns: 40 },
  );
});

test('entries of one step alone, whatever the values of others look like', async (t) => {
  const path = join(await testFolder(t), 'state');
  const tricky = { seq: 1, step: 'b', value: { x: ',"step":"a","value":1}', step: 'a', value: 1 } };
  const entries = [{ seq: 0, step: 'a', value: 0 }, tricky, { seq: 12, step: 'a', value: 'two\nlines' }];
  const { sha256 } = (await writeState(nodeFiles, path, entries))!;
  assert.deepEqual(await entriesIn([{ path, sha256 }], 'a'), [entries[0], entries[2]]);
  assert.deepEqual(await entriesIn([], 'a'), []);
});

test('a state is read in pieces: the memory of one, however many entries, and lines longer than a piece', async (t) => {
  const path = join(await testFolder(t), 'state');
  const long = 'é'.repeat(300_000);
  const entries = Array.from({ length: 20_000 }, (_, seq) => ({
    seq,
    step: 'a',
    value: seq === 9 ? long : `${seq}`,
  }));
  const { sha256 } = (await writeState(nodeFiles, path, entries))!;
  const pieces = await collect(readStates(nodeFiles, [{ path, sha256 }], 'a'));
  assert.deepEqual(pieces.flat(), entries);
  assert.ok(Math.max(...pieces.map(({ length }) => length)) < 2000);
});

test('no deltas: no file', async (t) => {
  const folder = await testFolder(t);
  assert.equal(await writeState(nodeFiles, join(folder, 'state'), []), null);
  assert.deepEqual(await readdir(folder), []);
});

test('a state that is not as it was written is refused, named', async (t) => {
  const path = join(await testFolder(t), 'state');
  const { sha256 } = (await writeState(nodeFiles, path, [{ seq: 1, step: 's', value: 'x' }]))!;
  const bytes = await readFile(path);
  bytes[12]! ^= 1;
  await writeFile(path, bytes);
  await assert.rejects(entriesIn([{ path, sha256 }], 's'), {
    code: 'ERR_DATA_INVALID',
    message: /state: the state of a run is damaged: its bytes are not .*--fresh/,
  });
});

test('a state has the bytes of its lines compressed at once, however the entries came', async (t) => {
  const folder = await testFolder(t);
  // Some repeat, some do not, over more than a window of zlib and several of its blocks.
  const entries = Array.from({ length: 30_000 }, (_, seq) => ({
    ...{ seq, step: 'a' },
    value:
      seq % 3 === 0
        ? `${deriveSeed(7, 'value', seq)} ${deriveSeed(8, 'é', seq)}`
        : `What is ${seq % 50} + 1?`,
  }));
  const text = entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');
  const expected = hashBytes(gzipSync(text, { level: 1 }));
  for (const size of [1, 1000, entries.length]) {
    const writer = openStateWriter(nodeFiles, join(folder, `state-${size}`));
    for (let at = 0; at < entries.length; at += size) await writer.write(entries.slice(at, at + size));
    assert.deepEqual(await writer.finish().then((written) => written?.sha256), expected, `${size} at a time`);
  }
});

test('a state that is given up leaves nothing', async (t) => {
  const folder = await testFolder(t);
  const writer = openStateWriter(nodeFiles, join(folder, 'state'));
  const value = Array.from({ length: 100_000 }, (_, at) => deriveSeed(7, 'value', at));
  await writer.write([{ seq: 0, step: 'a', value }]);
  assert.deepEqual(await readdir(folder), ['state.tmp'], 'what does not fit into memory is written at once');
  await writer.abort();
  assert.deepEqual(await readdir(folder), []);
});

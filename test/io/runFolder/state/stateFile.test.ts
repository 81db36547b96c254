import assert from 'node:assert/strict';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { nodeFiles } from '../../../../src/io/files/files.js';
import {
  type CommittedState,
  openStateWriter,
  readStates,
} from '../../../../src/io/runFolder/state/stateFile.js';
import type { StateEntry } from '../../../../src/io/runFolder/state/stateFrames.js';
import { writeState } from '../../../helpers/files/commitFiles.js';
import { collect } from '../../../helpers/texts/chunks.js';
import { deriveSeed } from '../../../../src/random.js';
import { testFolder } from '../../../helpers/files/testFolder.js';

const entry = fc.record({
  seq: fc.nat(1e6),
  step: fc.constantFrom('deduplicate', 'mine'),
  value: fc.oneof(
    fc.jsonValue().filter((value) => !JSON.stringify(value).includes('-0')),
    fc.uint8Array().map((bytes) => Buffer.from(bytes)),
  ),
});

/** JSON as it is after a way through text. */
function plain(entry: StateEntry): StateEntry {
  const { value } = entry;
  return {
    ...entry,
    value: value instanceof Uint8Array ? value : (JSON.parse(JSON.stringify(value)) as unknown),
  };
}

async function entriesIn(states: readonly CommittedState[], step: string): Promise<unknown[]> {
  const frames = await collect(readStates(nodeFiles, states, step));
  return frames.flatMap(({ seqs, values }) => values.map((value, at) => ({ seq: seqs[at], step, value })));
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
          assert.deepEqual(await entriesIn(states, step), written.map(plain));
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

test('a state is read in frames: the memory of one, however many entries, and values longer than a frame', async (t) => {
  const path = join(await testFolder(t), 'state');
  const long = 'é'.repeat(300_000);
  const entries = Array.from({ length: 20_000 }, (_, seq) => ({
    seq,
    step: 'a',
    value: seq === 9 ? long : `${seq}`,
  }));
  const { sha256 } = (await writeState(nodeFiles, path, entries))!;
  const frames = await collect(readStates(nodeFiles, [{ path, sha256 }], 'a'));
  assert.deepEqual(await entriesIn([{ path, sha256 }], 'a'), entries);
  assert.ok(Math.max(...frames.map(({ values }) => values.length)) < 5000);
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

test('a state has the same bytes however its entries came', async (t) => {
  const folder = await testFolder(t);
  // Some repeat, some do not, over more than a window of zlib and several of its blocks.
  const entries = Array.from({ length: 30_000 }, (_, seq) => ({
    ...{ seq, step: 'a' },
    value:
      seq % 3 === 0
        ? `${deriveSeed(7, 'value', seq)} ${deriveSeed(8, 'é', seq)}`
        : `What is ${seq % 50} + 1?`,
  }));
  const sums = new Set<string | undefined>();
  for (const size of [1, 1000, entries.length]) {
    const writer = openStateWriter(nodeFiles, join(folder, `state-${size}`));
    for (let at = 0; at < entries.length; at += size) await writer.write(entries.slice(at, at + size));
    sums.add((await writer.finish())?.sha256);
  }
  assert.equal(sums.size, 1);
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

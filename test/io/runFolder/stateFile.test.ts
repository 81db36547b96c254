import assert from 'node:assert/strict';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { nodeFiles } from '../../../src/io/files/files.js';
import { readStates, writeState } from '../../../src/io/runFolder/stateFile.js';
import { testFolder } from '../../helpers/testFolder.js';

const entry = fc.record({
  seq: fc.nat(1e6),
  step: fc.constantFrom('deduplicate', 'mine'),
  value: fc.jsonValue().filter((value) => !JSON.stringify(value).includes('-0')),
});

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
        const restored = await readStates(nodeFiles, states);
        for (const step of ['deduplicate', 'mine']) {
          const written = [...one, ...two].filter((item) => item.step === step).map(({ value }) => value);
          assert.deepEqual(restored.get(step) ?? [], JSON.parse(JSON.stringify(written)));
        }
      },
    ),
    { numRuns: 40 },
  );
});

test('only the named steps, and no file for none', async (t) => {
  const path = join(await testFolder(t), 'state');
  const entries = ['a', 'b', 'a'].map((step, seq) => ({ seq, step, value: seq }));
  const { sha256 } = (await writeState(nodeFiles, path, entries))!;
  assert.deepEqual([...(await readStates(nodeFiles, [{ path, sha256 }], ['a']))], [['a', [0, 2]]]);
  assert.deepEqual([...(await readStates(nodeFiles, [{ path: 'gone', sha256 }], []))], []);
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
  await assert.rejects(readStates(nodeFiles, [{ path, sha256 }]), {
    code: 'ERR_DATA_INVALID',
    message: /state: the state of a run is damaged: its bytes are not .*--fresh/,
  });
});

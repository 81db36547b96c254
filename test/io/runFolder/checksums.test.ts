import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { hashBytes } from '../../../src/io/files/atomicFile.js';
import { nodeFiles } from '../../../src/io/files/files.js';
import { CHECKSUMS_FILE, readChecksums, writeChecksums } from '../../../src/io/runFolder/checksums.js';
import { testFolder } from '../../helpers/files/testFolder.js';

test('checksums read back, and sha256sum takes them', async (t) => {
  const folder = await testFolder(t);
  assert.equal(await readChecksums(nodeFiles, folder), null);
  await mkdir(join(folder, 'shards'));
  const sums = new Map<string, string>();
  for (const name of ['shards/b.parquet', 'a.json']) {
    await writeFile(join(folder, name), name);
    sums.set(name, hashBytes(Buffer.from(name)));
  }
  await writeChecksums(nodeFiles, folder, sums);
  assert.deepEqual(await readChecksums(nodeFiles, folder), sums);
  const { status, stdout } = spawnSync('sha256sum', ['-c', CHECKSUMS_FILE], {
    cwd: folder,
    encoding: 'utf8',
  });
  assert.deepEqual([status, stdout], [0, 'a.json: OK\nshards/b.parquet: OK\n']);
});

const SUM = 'a'.repeat(64);
const WRONG: [string, string][] = [
  ['a name without a checksum', 'a.json\n'],
  ['capitals', `${SUM.toUpperCase()}  a.json\n`],
  ['one space', `${SUM} a.json\n`],
  ['a name twice', `${SUM}  a.json\n${SUM}  a.json\n`],
  ['a line without an end', `${SUM}  a.json`],
  ['an empty line', `${SUM}  a.json\n\n`],
];

for (const [what, text] of WRONG) {
  test(`refuses ${what}, naming the line`, async (t) => {
    const folder = await testFolder(t);
    await writeFile(join(folder, CHECKSUMS_FILE), text);
    const message = /SHA256SUMS:\d: expected a SHA-256, two spaces/;
    await assert.rejects(readChecksums(nodeFiles, folder), { code: 'ERR_DATA_INVALID', message });
    assert.equal(await readFile(join(folder, CHECKSUMS_FILE), 'utf8'), text);
  });
}

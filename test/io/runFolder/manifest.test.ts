import assert from 'node:assert/strict';
import { appendFile, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { nodeFiles } from '../../../src/io/files/files.js';
import {
  type CommitRecord,
  type RunRecord,
  createManifest,
  readManifest,
  resumeManifest,
} from '../../../src/io/runFolder/manifest.js';
import { crashingFiles } from '../../helpers/files/crashingFiles.js';
import { cases } from '../../helpers/texts/cases.js';
import { testFolder, watchedFiles } from '../../helpers/files/testFolder.js';

const RUN: RunRecord = { kind: 'run', version: 1, identity: 'abc', name: 'tiny', seed: 7, parts: {} };

function commit(index: number, change: Partial<CommitRecord> = {}): CommitRecord {
  return {
    kind: 'commit',
    index,
    next: (index + 1) * 100,
    kept: (index + 1) * 10,
    shard: { file: `shards/shard-0000${index}.parquet`, rows: 10, bytes: 999, sha256: 'a'.repeat(64) },
    rejects: null,
    state: null,
    counts: { 'filterLanguage dropped language': 90 },
    done: false,
    ...change,
  };
}

async function writeManifest(path: string, commits: readonly CommitRecord[]): Promise<void> {
  const manifest = await createManifest(nodeFiles, path, RUN);
  for (const record of commits) await manifest.append(record);
  await manifest.close();
}

test('reads what was appended, over a restart', async (t) => {
  const path = join(await testFolder(t), 'manifest.jsonl');
  await writeManifest(path, [commit(0)]);
  const resumed = await resumeManifest(nodeFiles, path);
  assert.deepEqual(resumed.content.commits, [commit(0)]);
  await resumed.append(commit(1, { done: true, shard: null }));
  await resumed.close();
  const { run, commits, tornBytes } = await readManifest(nodeFiles, path);
  assert.deepEqual(
    { run, commits, tornBytes },
    { run: RUN, commits: [commit(0), commit(1, { done: true, shard: null })], tornBytes: 0 },
  );
});

test('an append is durable before it resolves', async (t) => {
  const { files, calls } = watchedFiles();
  const manifest = await createManifest(files, join(await testFolder(t), 'manifest.jsonl'), RUN);
  calls.length = 0;
  await manifest.append(commit(0));
  assert.deepEqual(calls, ['write manifest.jsonl', 'sync manifest.jsonl']);
  await manifest.close();
});

test('a record whose flush a kill has prevented is flushed before the run goes on behind it', async () => {
  const files = crashingFiles(({ kind, path, index }) => {
    const isAppend = kind === 'sync' && path.endsWith('.jsonl') && index > opened;
    return isAppend ? { kind: 'crash' } : null;
  });
  let opened = Infinity;
  await files.mkdir('/run');
  await files.syncFolder('/');
  const manifest = await createManifest(files, '/run/manifest.jsonl', RUN);
  opened = files.operations - 1;
  await assert.rejects(manifest.append(commit(0)));
  opened = Infinity;
  files.restart('process', () => 0);
  assert.deepEqual((await resumeManifest(files, '/run/manifest.jsonl')).content.commits, [commit(0)]);
  files.crash();
  files.restart('machine', () => 0);
  assert.deepEqual((await readManifest(files, '/run/manifest.jsonl')).commits, [commit(0)]);
});

test('cut off anywhere by a crash: the whole commits count, the rest is cut off and the run goes on', async (t) => {
  const path = join(await testFolder(t), 'manifest.jsonl');
  await writeManifest(path, [commit(0), commit(1)]);
  const whole = await readFile(path);
  const ends = [...whole.entries()].filter(([, byte]) => byte === 10).map(([at]) => at + 1);
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: ends[0]!, max: whole.length }), async (size) => {
      await writeFile(path, whole);
      await truncate(path, size);
      const expected = [commit(0), commit(1)].slice(0, ends.filter((end) => end <= size).length - 1);
      const { commits, tornBytes } = await readManifest(nodeFiles, path);
      assert.deepEqual(commits, expected);
      assert.equal(tornBytes, size - ends.filter((end) => end <= size).at(-1)!);
      const resumed = await resumeManifest(nodeFiles, path);
      await resumed.append(commit(expected.length));
      await resumed.close();
      const { commits: after, tornBytes: none } = await readManifest(nodeFiles, path);
      assert.deepEqual([after, none], [[...expected, commit(expected.length)], 0]);
    }),
    { numRuns: cases(20, 60) },
  );
});

test('a last line of zeros, as some file systems leave it, is torn too', async (t) => {
  const path = join(await testFolder(t), 'manifest.jsonl');
  await writeManifest(path, [commit(0)]);
  await appendFile(path, `${'\0'.repeat(20)}\n`);
  const { commits, tornBytes } = await readManifest(nodeFiles, path);
  assert.deepEqual([commits, tornBytes], [[commit(0)], 21]);
});

test('any changed bit, and any line that is lost, doubled or moved, is noticed', async (t) => {
  const path = join(await testFolder(t), 'manifest.jsonl');
  await writeManifest(path, [commit(0), commit(1), commit(2, { done: true })]);
  const whole = await readFile(path);
  const refused = { code: 'ERR_DATA_INVALID' };
  for (let bit = 0; bit < 8 * whole.length; bit += cases(13, 3)) {
    const changed = Buffer.from(whole);
    changed[bit >> 3]! ^= 1 << (bit & 7);
    await writeFile(path, changed);
    await assert.rejects(readManifest(nodeFiles, path), refused, `bit ${bit}`);
  }
  const [head, a, b, c] = whole.toString().split('\n');
  for (const lines of [
    [head, b, c],
    [head, a, a, b, c],
    [head, b, a, c],
    [a, b, c],
    [head, a, c],
  ]) {
    await writeFile(path, lines.map((each) => `${each}\n`).join(''));
    await assert.rejects(readManifest(nodeFiles, path), refused);
  }
});

test('a commit of another run with the right numbers does not fit', async (t) => {
  const folder = await testFolder(t);
  const [one, two] = [join(folder, 'one'), join(folder, 'two')];
  await writeManifest(one, [commit(0), commit(1)]);
  await writeManifest(two, [commit(0, { kept: 9 }), commit(1)]);
  const lines = (await readFile(one, 'utf8')).split('\n');
  const others = (await readFile(two, 'utf8')).split('\n');
  await writeFile(one, `${[lines[0], lines[1], others[2]].join('\n')}\n`);
  await assert.rejects(readManifest(nodeFiles, one), /:3: found a line that does not fit its checksum/);
});

test('a changed bit beside a torn line: the commit before it is not taken for torn', async (t) => {
  const path = join(await testFolder(t), 'manifest.jsonl');
  await writeManifest(path, [commit(0)]);
  const whole = await readFile(path);
  const torn = '{"kind":"commit","ind';
  for (let bit = 0; bit < 8; bit++) {
    const changed = Buffer.from(whole);
    changed[changed.length - 1]! ^= 1 << bit;
    for (const rest of ['', torn]) {
      await writeFile(path, Buffer.concat([changed, Buffer.from(rest)]));
      await assert.rejects(readManifest(nodeFiles, path), { code: 'ERR_DATA_INVALID' });
    }
  }
});

test('a manifest of an older version, without checksums, goes on with them', async (t) => {
  const path = join(await testFolder(t), 'manifest.jsonl');
  await writeFile(path, line(RUN) + line(commit(0)));
  const resumed = await resumeManifest(nodeFiles, path);
  await resumed.append(commit(1));
  await resumed.append(commit(2));
  await resumed.close();
  const text = await readFile(path, 'utf8');
  assert.deepEqual((await readManifest(nodeFiles, path)).commits, [commit(0), commit(1), commit(2)]);
  await writeFile(path, text.replace('"next":300', '"next":301'));
  await assert.rejects(readManifest(nodeFiles, path), { code: 'ERR_DATA_INVALID' });
});

const line = (record: unknown) => `${JSON.stringify(record)}\n`;
const WRONG: [string, string, RegExp][] = [
  ['nothing', '', /:1: found no whole line, expected the header/],
  ['a torn header', '{"kind":"run"', /:1: found no whole line/],
  ['another file', 'hello\nworld\n{}\n', /:1: found "hello", expected the header of a run/],
  [
    'another version',
    line({ ...RUN, version: 2 }),
    /:1: expected the header of a run of format version 1.*version/s,
  ],
  [
    'a broken line inside',
    line(RUN) + '{"kind"\n' + line(commit(0)),
    /:2: found .*expected a commit as JSON/,
  ],
  ['a gap', line(RUN) + line(commit(0)) + line(commit(2)), /:3: found commit 2, expected commit 1/],
  [
    'time running back',
    line(RUN) + line(commit(0)) + line(commit(1, { next: 5 })),
    /:3: found next 5, expected at least 100/,
  ],
  [
    'a commit after the end',
    line(RUN) + line(commit(0, { done: true })) + line(commit(1)),
    /after the run was done/,
  ],
  ['a last line of another shape', line(RUN) + line({ kind: 'note' }), /:2: expected a commit/],
];

for (const [what, content, message] of WRONG) {
  test(`refuses ${what}, naming the line`, async (t) => {
    const path = join(await testFolder(t), 'manifest.jsonl');
    await writeFile(path, content);
    await assert.rejects(readManifest(nodeFiles, path), { code: 'ERR_DATA_INVALID', message });
  });
}

test('a commit out of order, or after a failed one, is not written', async (t) => {
  const path = join(await testFolder(t), 'manifest.jsonl');
  let failing = false;
  const { files } = watchedFiles((call) => (failing && call.startsWith('sync ') ? 'EIO' : null));
  const manifest = await createManifest(files, path, RUN);
  await assert.rejects(manifest.append(commit(1)), /cannot commit: found commit 1, expected commit 0/);
  failing = true;
  await assert.rejects(manifest.append(commit(0)), { code: 'ERR_IO_WRITE', message: /EIO/ });
  failing = false;
  await assert.rejects(manifest.append(commit(0)), { code: 'ERR_IO_WRITE' });
  await manifest.close();
});

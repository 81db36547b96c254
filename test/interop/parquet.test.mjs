import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { writeRunFolder } from './runFolder.mjs';

const CHECKS = {
  pyarrow_values: 'pyarrow reads every value of every shard',
  pyarrow_schema: 'pyarrow finds help, nullability, metadata and row groups',
  pyarrow_filters: 'pyarrow filters give the right rows',
  duckdb_values: 'DuckDB reads every value of every shard',
  duckdb_filters: 'DuckDB filters give the right rows',
  datasets_values: 'the run folder loads as a data set of the shards alone',
  datasets_streaming: 'the run folder streams as a data set',
  datasets_exports: 'exports load as configurations of the run folder, and by themselves',
  folder_readers: 'pandas, polars and pyarrow take the folders, DuckDB a pattern, also while a run goes on',
  datasets_begun: 'a run that goes on loads as a data set of its first commit',
  rejects_pyarrow: 'pyarrow reads the rejects',
  rejects_duckdb: 'DuckDB reads and filters the rejects',
};

const script = join(dirname(fileURLToPath(import.meta.url)), 'check.py');
let folder;

before(async () => {
  assert.ok(process.env.SCALEQUEST_PYTHON, 'run these tests by `npm run test:interop`, which brings Python');
  folder = await writeRunFolder();
});

after(() => folder && rm(folder.base, { recursive: true, force: true }));

function check(name) {
  return spawnSync(process.env.SCALEQUEST_PYTHON, [script, name, folder.base], { encoding: 'utf8' });
}

for (const [name, title] of Object.entries(CHECKS)) {
  test(title, (t) => {
    const { status, stdout, stderr } = check(name);
    assert.equal(status, 0, stderr);
    t.diagnostic(stdout.trim().split('\n').at(-1));
  });
}

test('a wrong truth is noticed: these tests can fail', async () => {
  const path = join(folder.base, 'truth.json');
  const truth = await readFile(path, 'utf8');
  try {
    await writeFile(path, truth.replaceAll('漢字かな', '漢字かな!'));
    for (const name of ['pyarrow_values', 'duckdb_values', 'datasets_values', 'rejects_pyarrow']) {
      const { status, stderr } = check(name);
      assert.notEqual(status, 0, name);
      assert.match(stderr, /AssertionError/);
    }
  } finally {
    await writeFile(path, truth);
  }
});

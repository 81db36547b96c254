import assert from 'node:assert/strict';
import { cpSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { columnValues } from '../../src/arrow/read.js';
import type { ScaleQuestError } from '../../src/errors.js';
import { PACKAGE_FOLDER } from '../../src/io/files/packageFiles.js';
import { checkFile } from '../../src/pipeline/check/check.js';
import { type RunEvent, checkPipeline, runPipeline } from '../../src/index.js';
import type { CheckDeps } from '../../src/pipeline/check/checkDeps.js';
import { checkDeps, runInMemory } from '../helpers/runs/pipelineWorld.js';
import { testFolder } from '../helpers/files/testFolder.js';

/** Walks `test/world/files`; `test/world/README.md` has the form of a case, `make.py` there makes them. */

const CASES = join(PACKAGE_FOLDER, 'test', 'world', 'files');

interface Expected {
  /** Column → its values, those of int64 as text. */
  rows?: Record<string, unknown[]>;
  error?: { code: string; says: string[]; line?: number };
  /** Lines that are left out. */
  skipped?: number[];
  leftOut?: string[];
}

const NAMES = readdirSync(CASES, { withFileTypes: true }).flatMap((entry) =>
  entry.isDirectory() ? entry.name : [],
);

/** Cases whose fault stands where no head reaches. */
const BEHIND_THE_HEAD: ReadonlySet<string> = new Set(['bytes']);

const expectedOf = (name: string): Expected =>
  JSON.parse(readFileSync(join(CASES, name, 'expected.json'), 'utf8')) as Expected;

/** Nothing is known of the files, so that the reader of the run is asked. */
const unread: CheckDeps['sourceHead'] = async ({ format, options }) => ({
  ...{ rows: 1, isWhole: false, isSchema: false },
  columns: new Set(format.describe(options).fileColumns.map(({ name }) => name)),
});

async function rowsOf(name: string, sourceHead = unread): Promise<(column: string) => unknown[]> {
  const plan = await checkFile(join(CASES, name, 'case.yaml'), checkDeps(undefined, { sourceHead }));
  const { batches } = await runInMemory(plan, {});
  return (column) =>
    batches
      .flatMap((batch) => columnValues(batch, column))
      .map((value) => (typeof value === 'bigint' ? `${value}` : value));
}

for (const name of NAMES) {
  const { rows, error } = expectedOf(name);
  test(`${name}: ${error ? 'refused, with place and advice' : 'read as it is'}`, async () => {
    if (!error) {
      const found = await rowsOf(name);
      for (const [column, values] of Object.entries(rows!)) assert.deepEqual(found(column), values, column);
      return;
    }
    const thrown = await rowsOf(name).then(
      () => assert.fail('it was read'),
      (caught: ScaleQuestError) => caught,
    );
    assert.equal(thrown.code, error.code);
    for (const text of error.says)
      assert.ok(thrown.message.includes(text), `${thrown.message} lacks ${text}`);
    if (error.line !== undefined) assert.equal(thrown.at?.line, error.line, thrown.message);
    assert.match(thrown.message, /in\.\w+/);
  });
  // A fault behind the head is the reader's to find.
  if (error && !BEHIND_THE_HEAD.has(name))
    test(`${name}: found by the check, at its place in the pipeline file`, async () => {
      const { problems } = await checkPipeline(join(CASES, name, 'case.yaml'));
      const [found] = problems;
      assert.match(found!.message, /case\.yaml:\d+:\d+ source\.\w+\.(?:path|columns)/);
      for (const text of error.says)
        assert.ok(found!.message.includes(text), `${found!.message} lacks ${text}`);
    });
  else
    test(`${name}: no mistake for the check`, async () => {
      const { problems } = await checkPipeline(join(CASES, name, 'case.yaml'));
      assert.deepEqual(
        problems.map(({ message }) => message),
        [],
      );
    });
}

interface Ran {
  events: RunEvent[];
  report: { skipped?: { lines: number; first: { file: string; line: number }[] }; rowsKept: number };
}

async function run(
  t: TestContext,
  name: string,
  set: Record<string, unknown> = {},
  into?: string,
): Promise<Ran> {
  const folder = into ?? (await testFolder(t));
  cpSync(join(CASES, name), folder, { recursive: true });
  const started = await runPipeline(join(folder, 'case.yaml'), { out: join(folder, 'run'), set });
  const events: RunEvent[] = [];
  started.events.subscribe((event) => void events.push(event));
  await started.result;
  return {
    events,
    report: JSON.parse(readFileSync(join(folder, 'run', 'report.json'), 'utf8')) as Ran['report'],
  };
}

for (const name of NAMES.filter((each) => expectedOf(each).skipped)) {
  test(
    `${name}: lines that were left out are told, and counted in the report`,
    { timeout: 120_000 },
    async (t) => {
      const { skipped, rows } = expectedOf(name);
      const folder = await testFolder(t);
      const { events, report } = await run(t, name, {}, folder);
      const told = events.flatMap((event) => (event.event === 'skippedLine' ? [event] : []));
      assert.deepEqual(
        told.map(({ line }) => line),
        skipped,
      );
      assert.deepEqual(
        report.skipped?.first.map(({ file, line }) => [file, line]),
        skipped!.map((line) => ['in.jsonl', line]),
      );
      assert.equal(report.rowsKept, rows!['question']!.length);
      // A run that is complete says the same again.
      assert.deepEqual((await run(t, name, {}, folder)).report, report);
    },
  );
}

test('files that lie beside those of a source are named by an event', { timeout: 120_000 }, async (t) => {
  const { events } = await run(t, 'folder');
  const [found] = events.flatMap((event) => (event.event === 'leftOut' ? [event.files] : []));
  assert.deepEqual(found, expectedOf('folder').leftOut);
});

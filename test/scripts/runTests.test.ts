import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { PACKAGE_FOLDER } from '../../src/io/files/packageFiles.js';
import { temporaryFolder } from '../helpers/commandLine.js';

/** scripts/runTests.mjs, which all tests run through: whatever goes wrong in a process of several files must be red, by name. */

const TEST = `import { test } from 'node:test';\n`;

const FILES: Record<string, string> = {
  'passes.mjs': `${TEST}test('adds', () => {});`,
  'fails.mjs': `${TEST}test('outer', (t) => t.test('divides', () => { throw new Error('by zero'); }));`,
  'throws.mjs': `throw new Error('at its import');`,
  'exits.mjs': `${TEST}test('leaves early', () => process.exit(0)); test('never begins', () => {});`,
  'empty.mjs': '',
  'hangs.mjs': `${TEST}test('waits', () => new Promise(() => setInterval(() => {}, 1000)));`,
  'pends.mjs': `${TEST}test('is never resolved', () => new Promise(() => {}));`,
  'late.mjs': `${TEST}test('ends', () => void setTimeout(() => { throw new Error('after'); }, 20));`,
  'throws-amid.mjs': `${TEST}
    test('waits', () => new Promise(() => setTimeout(() => { throw new Error('amid it'); }, 20)));
    test('awaits', async (t) => {
      await t.test('ends', () => {});
      setTimeout(() => Promise.reject(new Error('amid the outer one')), 20);
      await new Promise(() => {});
    });`,
  'stands.mjs': `import { executionAsyncId } from 'node:async_hooks';
    import { before, describe, it } from 'node:test';
    describe('suite', () => {
      let ready = false;
      before(async () => void (ready = await true));
      describe('inner suite', () => it('stands in it', () => { if (!ready) throw new Error('before its before'); }));
      it('is followed by no hook', async () => {
        await null;
        const id = executionAsyncId();
        await null;
        if (!ready || executionAsyncId() !== id) throw new Error('each promise has a number of its own');
      });
    });`,
  'skips.mjs': `${TEST}test('elsewhere', { skip: 'not here' }, () => {}); test('later', { todo: true }, () => {});`,
};

interface Ran {
  code: number | null;
  output: string;
  /** Of the closing lines, which must be there once. */
  totals: Record<string, number>;
}

/** Runs the groups, two seconds for each: no file here takes half of one. */
function ran(...groups: string[][]): Ran {
  const folder = join(temporaryFolder(), 'files');
  mkdirSync(folder);
  for (const [name, text] of Object.entries(FILES)) writeFileSync(join(folder, name), text);
  const module = pathToFileURL(join(PACKAGE_FOLDER, 'scripts', 'runTests.mjs')).href;
  const paths = groups.map((group) => group.map((name) => join(folder, name)));
  const script = `
    import { runTests } from ${JSON.stringify(module)};
    const options = { concurrency: 2, timeoutMs: ${TIMEOUT_MS}, root: ${JSON.stringify(folder)} };
    process.exitCode = (await runTests(${JSON.stringify(paths)}, options)) ? 0 : 1;`;
  // With this variable Node would take it for a test file of ours, and run nothing.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const main = join(folder, 'main.mjs');
  writeFileSync(main, script);
  const { status, stdout } = spawnSync(process.execPath, [main], { encoding: 'utf8', env });
  const closing = [...stdout.matchAll(/^# (\w+) (\d+)$/gm)].map(([, name, count]) => [name!, Number(count)]);
  const totals = Object.fromEntries(closing) as Record<string, number>;
  assert.equal(Object.keys(totals).length, closing.length, stdout);
  return { code: status, output: stdout, totals };
}

const TIMEOUT_MS = 6000;

test('green where every test passes; skipped tests are counted as such, totals come last', () => {
  const { code, output, totals } = ran(['passes.mjs', 'skips.mjs'], ['passes.mjs', 'stands.mjs']);
  assert.equal(code, 0, output);
  const { duration_ms: _, ...counts } = totals;
  assert.deepEqual(counts, { tests: 6, suites: 2, pass: 4, fail: 0, cancelled: 0, skipped: 1, todo: 1 });
  assert.match(output, /▶ suite\n {2}▶ inner suite\n {4}✔ stands in it/);
  assert.match(output, /\n# todo 1\n# duration_ms \d+\n$/);
});

test('no file at all is red', () => assert.equal(ran().code, 1));

/** What must be in the report of a group of a file that passes and this one. */
const FAULTS: [file: string, report: RegExp][] = [
  ['fails.mjs', /test at \S*fails\.mjs:\d+:\d+\n✖ divides[^]*by zero/],
  ['throws.mjs', /✖ [^\n]*throws\.mjs\n.*the process of these tests: test failed \(exit code \d+\)/],
  ['exits.mjs', /✖ [^\n]*exits\.mjs\n.*the process ended before its tests/],
  ['empty.mjs', /✖ empty\.mjs\n.*no test of this file ran/],
  ['hangs.mjs', /✖ hangs\.mjs\n.*timed out.*amid "waits" of hangs\.mjs/],
  // A later Node waits for what never comes.
  ['pends.mjs', /✖ (is never resolved|pends\.mjs\n.*timed out.*amid "is never resolved")/],
  [
    'throws-amid.mjs',
    /✖ waits \([^]*amid it\n[^]*test at \S*throws-amid\.mjs:4:\d+\n✖ awaits \([^]*amid the outer one\n/,
  ],
  ['late.mjs', /✖ [^\n]*late\.mjs\n.*the process of these tests: test failed \(exit code 1\)/],
];

for (const [file, report] of FAULTS) {
  test(`${file} beside one that passes is red, and named`, () => {
    const { code, output, totals } = ran(['passes.mjs', file]);
    assert.equal(code, 1, output);
    assert.match(output.slice(output.indexOf('failing tests:')), report);
    assert.ok(totals['fail']! + totals['cancelled']! > 0, output);
  });
}

// Runs compiled test files with Node's test runner, several files to a process, and reports them as one.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { pathToFileURL } from 'node:url';

/** Node's totals, which count a process as a test: ours are printed instead. */
const TOTAL = /^(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) [\d.]+$/;

const CANCELLED = ['cancelledByParent', 'testAborted', 'testTimeoutFailure'];

/**
 * Runs groups of files, each group in a process of its own, `concurrency` at a time and in the order given. Prints each test as
 * it ends, the failures, and the totals at the very end. Gives whether all is well. A process that dies, ends before its tests
 * have, or does not end in `timeoutMs` is a failure; so is a file without a test.
 */
export async function runTests(groups, { concurrency, timeoutMs, root }) {
  const startedMs = performance.now();
  const folder = mkdtempSync(join(tmpdir(), 'scalequest-test-'));
  const temporary = join(folder, 'tmp');
  mkdirSync(temporary);
  // Whatever the tests leave in the folder for temporary files goes with ours, also where they are killed.
  const outer = process.env.TMPDIR;
  process.env.TMPDIR = temporary;
  try {
    const processes = groups.map((files, at) => writeEntry(folder, at, files));
    const totals = { tests: 0, suites: 0, pass: 0, fail: 0, cancelled: 0, skipped: 0, todo: 0 };
    const events = reportedEvents(processes, { concurrency, timeoutMs, root });
    await pipeline(Readable.from(counted(events, totals)), new spec(), process.stdout, { end: false });
    for (const [name, count] of Object.entries(totals)) console.log(`# ${name} ${count}`);
    console.log(`# duration_ms ${(performance.now() - startedMs).toFixed(0)}`);
    return totals.tests > 0 && totals.fail === 0 && totals.cancelled === 0;
  } finally {
    if (outer === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = outer;
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/**
 * The files that a process starts with: one notes its number before any test is loaded; the other imports the group, and leaves a
 * mark where the process ends by itself.
 */
function writeEntry(folder, at, files) {
  const ends = ['test.mjs', 'begin.mjs', 'pid', 'ended'];
  const [entry, begin, pid, mark] = ends.map((end) => join(folder, `group${at}.${end}`));
  const noted = `import { writeFileSync } from 'node:fs';\nwriteFileSync(${JSON.stringify(pid)}, String(process.pid));`;
  writeFileSync(begin, noted);
  const before = ['./fewCompiles.mjs', './withoutAsyncHooks.mjs'].map(
    (name) => new URL(name, import.meta.url),
  );
  const modules = [pathToFileURL(begin), ...before];
  const lines = [
    `import { writeFileSync } from 'node:fs';`,
    ...[...modules, ...files.map((file) => pathToFileURL(file))].map(
      ({ href }) => `import ${JSON.stringify(href)};`,
    ),
    // Not at `exit`: a call of process.exit() amid the tests must not look like their end.
    `process.once('beforeExit', () => writeFileSync(${JSON.stringify(mark)}, ''));`,
  ];
  writeFileSync(entry, lines.join('\n'));
  return { entry, pid, mark, files, isLate: false };
}

/**
 * Kills the process of a group that has not ended in time. The limit of Node's runner is one for each test from Node 24 on, and
 * no process ends by it that a timer, a server or an endless loop keeps alive.
 */
function limitTo(timeoutMs, group) {
  return setTimeout(() => {
    group.isLate = true;
    process.kill(Number(readFileSync(group.pid, 'utf8')), 'SIGKILL');
  }, timeoutMs);
}

/** The events of the tests; what is said of a process is said with the names of its files, and what Node does not see is added. */
async function* reportedEvents(processes, { concurrency, timeoutMs, root }) {
  const byEntry = new Map(processes.map((group) => [group.entry, group]));
  const running = new Map();
  const tested = new Set();
  const failed = new Set();
  const list = (names) => names.map((name) => relative(root, name)).join(', ');
  // Those of which no test was reported hold what ended the process, if there are any.
  const suspects = ({ files }) => files.filter((file) => !tested.has(file));
  const nameOf = (group) => list(suspects(group)) || list(group.files);
  const files = processes.map(({ entry }) => entry);
  const limits = new Map();
  for await (const { type, data } of run({ files, concurrency })) {
    const group = byEntry.get(resolve(String(data.name)));
    if (group) {
      if (type === 'test:dequeue') limits.set(group, limitTo(timeoutMs, group));
      if (type === 'test:complete') clearTimeout(limits.get(group));
      if (type !== 'test:fail') continue;
      failed.add(group);
      const inFlight = [...running.values()].filter(({ file }) => group.files.includes(file));
      const amid = inFlight.map(({ name, file }) => `; amid "${name}" of ${relative(root, file)}`).join('');
      yield* failure(nameOf(group), `the process of these tests: ${endOf(group, data, timeoutMs)}${amid}`);
      continue;
    }
    if (type === 'test:dequeue') running.set(`${data.file} ${data.name}`, data);
    if (type === 'test:complete') running.delete(`${data.file} ${data.name}`);
    if (type === 'test:pass' || type === 'test:fail') tested.add(data.file);
    if (type === 'test:diagnostic' && TOTAL.test(data.message)) continue;
    yield { type, data };
  }
  for (const group of processes.filter((other) => !failed.has(other))) {
    if (!existsSync(group.mark)) {
      yield* failure(nameOf(group), 'the process ended before its tests: look for process.exit()');
      continue;
    }
    for (const file of group.files.filter((one) => !tested.has(one)))
      yield* failure(relative(root, file), 'no test of this file ran');
  }
}

function endOf({ isLate }, { details }, timeoutMs) {
  if (isLate) return `timed out after ${timeoutMs} ms`;
  const { message, exitCode, signal } = details.error;
  return (exitCode ?? signal) ? `${message} (${signal ?? `exit code ${exitCode}`})` : message;
}

function* failure(name, message) {
  const error = new Error(message);
  error.stack = message;
  const data = { name, nesting: 0, testNumber: 0, details: { duration_ms: 0, error } };
  yield { type: 'test:start', data };
  yield { type: 'test:fail', data };
}

/** Hands the events on, and counts as Node counts: subtests too, and each test once. */
async function* counted(events, totals) {
  for await (const event of events) {
    if (event.type === 'test:pass' || event.type === 'test:fail') count(event, totals);
    yield event;
  }
}

function count({ type, data: { skip, todo, details } }, totals) {
  if (details.type === 'suite') {
    totals.suites++;
    if (type === 'test:pass') return;
  }
  totals.tests++;
  if (todo !== undefined) totals.todo++;
  else if (skip !== undefined) totals.skipped++;
  else if (type === 'test:pass') totals.pass++;
  else if (CANCELLED.includes(details.error?.failureType)) totals.cancelled++;
  else totals.fail++;
}

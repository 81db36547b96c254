import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, before, test } from 'node:test';
import { EXIT_CODES } from '../../src/cli/exitCodes.js';
import { deriveSeed } from '../../src/random.js';
import { hostCommand } from '../helpers/commandHost.js';
import {
  type CommandResult,
  MAIN,
  type RunningCommand,
  hashesOf,
  startCommand,
  temporaryFolder,
  writePipeline,
} from '../helpers/commandLine.js';
import {
  type FaultServer,
  completionOf,
  sendJson,
  startFaultServer,
} from '../helpers/servers/faultServer.js';
import { fillBut, mountTmpfs, remount } from '../helpers/files/smallDisk.js';

/**
 * Faults of the machine, on the real command: it must end soon, with its own exit code and a message that says what to do;
 * what was committed must be intact, and the same command must end with the bytes of a run that was never disturbed.
 */

const LINES = [
  'limit: 60',
  // So few that there is more to ask whenever something happens.
  'source: { windowRows: 12, batchRows: 6 }',
  'steps:',
  '  - generate: { generators: [{ model: tiny }], tokensMax: 96 }',
  '  - deduplicate: {}',
  'output: { shardRows: 6 }',
];

/** On the bundled model, for what befalls its engine. */
const ENGINE_LINES = ['limit: 30', ...LINES.slice(1)];

let server: FaultServer;
/** How many requests are answered; those after them wait. */
let answeredMost = Infinity;
let waiting: (() => void)[] = [];

before(async () => {
  server = await startFaultServer(({ index, body }, response) => {
    const answer = (): void => sendJson(response, 200, completionOf([longText(body['seed'] as number)]));
    if (index < answeredMost) answer();
    else waiting.push(answer);
  });
});

after(() => server.stop());

/** No two alike, and hardly smaller when packed: a disk must fill up. */
function longText(seed: number): string {
  return `Add ${Array.from({ length: 30 }, (_, at) => deriveSeed(seed, 'summand', at)).join(', ')}.`;
}

/** A pipeline file whose model is the server; gives its path. */
function writeServerPipeline(folder: string, lines: readonly string[]): string {
  const models = `models: { tiny: { openai: { model: x, replicas: ['${server.url}'], slots: 24 } } }`;
  const file = join(folder, 'pipeline.yaml');
  writeFileSync(file, ['name: small', 'seed: 5', models, ...lines, ...LINES, ''].join('\n'));
  return file;
}

/** What Slurm and Kubernetes give between SIGTERM and SIGKILL. */
const GRACE_MS = 10_000;

/** Files that hold what was measured, and the one that names their checksums. */
const MEASURED = ['log.jsonl', 'performance.json', 'report.html', 'SHA256SUMS'];

function dataOf(out: string): Record<string, string> {
  return Object.fromEntries(Object.entries(hashesOf(out)).filter(([name]) => !MEASURED.includes(name)));
}

/** These hold the text of the pipeline file, and with it where the store is. */
const HOLD_TEXT = ['pipeline.yaml', 'README.md'];

function rowsOf(data: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(data).filter(([name]) => !HOLD_TEXT.includes(name)));
}

type WritePipeline = (folder: string) => string;

const onServer: WritePipeline = (folder) => writeServerPipeline(folder, ['store: none']);
const onEngine: WritePipeline = (folder) => writePipeline(folder, ENGINE_LINES);

const undisturbed = new Map<WritePipeline, Promise<Record<string, string>>>();

/** The data of the run that nothing happened to. */
function undisturbedData(write = onServer): Promise<Record<string, string>> {
  if (!undisturbed.has(write)) undisturbed.set(write, run());
  return undisturbed.get(write)!;

  async function run(): Promise<Record<string, string>> {
    const { out, args } = placeFor(write);
    const { code, stderr } = await hostCommand(args);
    assert.equal(code, EXIT_CODES.ok, stderr);
    return dataOf(out);
  }
}

/** The manifest's commits: kept rows and next position of each. */
function commitsIn(out: string): { kept: number; next: number }[] {
  const path = join(out, 'manifest.jsonl');
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n').slice(1, -1);
  return lines.map((line) => JSON.parse(line) as { kept: number; next: number });
}

/** Starts the run and comes back when it has two commits, with more to come. */
async function startUntilCommitted(args: readonly string[], out: string): Promise<RunningCommand> {
  const running = startCommand(args);
  let ended: CommandResult | null = null;
  void running.result.then((result) => (ended = result));
  while (commitsIn(out).length < 2) {
    assert.equal(ended, null, `ended before its second commit: ${JSON.stringify(ended)}`);
    await sleep(10);
  }
  return running;
}

/** The run has stopped, says what it has, and goes on to the same end. */
async function checkStopped(
  { code, stderr }: CommandResult,
  expected: { code: number; message: RegExp },
  args: readonly string[],
  out: string,
): Promise<void> {
  assert.equal(code, expected.code, stderr);
  assert.match(stderr, expected.message);
  const { kept, next } = commitsIn(out).at(-1) ?? { kept: 0, next: 0 };
  const said = `${kept} rows kept of ${next}. The same command goes on from there.`;
  assert.ok(stderr.includes(said), `expected "${said}", found: ${stderr}`);
  assert.deepEqual(
    Object.keys(hashesOf(out)).filter((name) => /\.tmp$|\.lock$/.test(name)),
    [],
  );
  const again = await hostCommand(args);
  assert.equal(again.code, EXIT_CODES.ok, again.stderr);
  if (next > 0) assert.match(again.stderr, new RegExp(`Going on in .*: ${kept} rows kept of ${next}\\.`));
}

function placeFor(write = onServer): { out: string; args: string[] } {
  const folder = temporaryFolder();
  const out = join(folder, 'out');
  return { out, args: ['run', write(folder), '--out', out] };
}

test('faults: SIGTERM ends the run within the grace, and the same command ends with the same bytes', async () => {
  const { out, args } = placeFor();
  // The others are not answered before the run has stopped.
  answeredMost = server.seen.length + 24;
  const running = await startUntilCommitted(args, out);
  const startedMs = performance.now();
  process.kill(running.child.pid!, 'SIGTERM');
  const result = await running.result;
  assert.ok(performance.now() - startedMs < GRACE_MS);
  answeredMost = Infinity;
  await checkStopped(result, { code: EXIT_CODES.cancelled, message: /ERR_CANCELLED/ }, args, out);
  assert.deepEqual(dataOf(out), await undisturbedData());
});

test('faults: a terminal that ends does not end a run without one, as under nohup', async () => {
  const { out, args } = placeFor();
  // The others are not answered before the signals have come.
  answeredMost = server.seen.length + 24;
  waiting = [];
  const running = await startUntilCommitted(args, out);
  for (let times = 0; times < 3; times++) {
    running.child.kill('SIGHUP');
    await sleep(100);
  }
  answeredMost = Infinity;
  for (const answer of waiting) answer();
  const { code, stderr } = await running.result;
  assert.equal(code, EXIT_CODES.ok, stderr);
  assert.deepEqual(dataOf(out), await undisturbedData());
});

const isLinux = process.platform === 'linux' ? false : 'reads /proc, which only Linux has';

test('faults: an engine killed as by the out-of-memory killer', { skip: isLinux }, async () => {
  const { out, args } = placeFor(onEngine);
  const running = await startUntilCommitted(args, out);
  const { pid } = running.child;
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number);
  const isEngine = (child: number): boolean =>
    readFileSync(`/proc/${child}/cmdline`, 'utf8').includes(join('bundle', 'child.js'));
  const engine = children.find(isEngine);
  assert.ok(engine, `expected an engine among the processes ${children.join(', ')}`);
  process.kill(engine, 'SIGKILL');
  const message = /killed by SIGKILL \(out of memory\?\); lower `processes`.*\[ERR_MODEL_CRASHED\]/;
  await checkStopped(await running.result, { code: EXIT_CODES.model, message }, args, out);
  assert.deepEqual(dataOf(out), await undisturbedData(onEngine));
});

const FULL = /\(ENOSPC\): the disk is full\. Free some space and start the same command again.*/;

/** A run whose store lies beside its folder, as by default, or that has none. */
function runOn(disk: string, store: 'none' | 'beside'): { out: string; args: string[] } {
  const out = join(disk, 'out');
  const path = store === 'none' ? store : join(disk, '.store');
  const file = writeServerPipeline(temporaryFolder(), [`store: ${path}`]);
  return { out, args: ['run', file, '--out', out] };
}

for (const [sizeKiB, store] of [
  [64, 'none'],
  [560, 'beside'],
  [600, 'beside'],
] as const) {
  test(`faults: a disk of ${sizeKiB} KiB that fills up, and is given room; store: ${store}`, async (t) => {
    const disk = mountTmpfs(t, `size=${sizeKiB}k`);
    if (disk === null) return t.skip('mounting a file system wants root');
    const { out, args } = runOn(disk, store);
    const result = await startCommand(args).result;
    assert.ok(commitsIn(out).length > 0, 'expected a commit before the disk was full');
    remount(disk, 'size=8m');
    const message = new RegExp(`${FULL.source}\\[ERR_(IO|STORE)_WRITE\\]`);
    await checkStopped(result, { code: EXIT_CODES.io, message }, args, out);
    assert.deepEqual(rowsOf(dataOf(out)), rowsOf(await undisturbedData()));
  });
}

test('faults: a disk without room for a store', async (t) => {
  const disk = mountTmpfs(t, 'size=1m');
  if (disk === null) return t.skip('mounting a file system wants root');
  const { out, args } = runOn(disk, 'beside');
  for (const freeKiB of [0, 8, 40, 300]) {
    const filler = fillBut(disk, 1024, freeKiB);
    const { code, stderr } = await hostCommand(args);
    assert.equal(code, EXIT_CODES.io, stderr);
    assert.match(stderr, new RegExp(`${FULL.source}\\[ERR_(IO_WRITE|STORE_OPEN)\\]\\n$`));
    rmSync(filler);
  }
  const again = await hostCommand(args);
  assert.equal(again.code, EXIT_CODES.ok, again.stderr);
  assert.deepEqual(rowsOf(dataOf(out)), rowsOf(await undisturbedData()));
});

test('faults: a folder on a read-only file system', async (t) => {
  const disk = mountTmpfs(t, 'ro');
  if (disk === null) return t.skip('mounting a file system wants root');
  const file = onServer(temporaryFolder());
  const { code, stderr } = await hostCommand(['run', file, '--out', join(disk, 'out')]);
  assert.equal(code, EXIT_CODES.io, stderr);
  assert.match(stderr, /cannot write .*out \(EROFS\): the file system is read-only\. Choose another folder/);
});

test('faults: too few file descriptors to begin', { skip: process.platform === 'win32' }, async () => {
  for (const handles of [26, 36, 50]) {
    const { args } = placeFor();
    const { code, stderr } = await startCommand(args, undefined, `ulimit -n ${handles}`).result;
    // A later Node holds fewer files open, and does with more of these limits.
    if (code === EXIT_CODES.ok && handles > 26) continue;
    assert.equal(code, EXIT_CODES.io, stderr);
    // Which file is the first too many depends on the version of Node.
    assert.match(stderr, /\(EMFILE\).*Raise the limit \(`ulimit -n`\).*\[ERR_IO_(READ|WRITE)\]\n$/);
  }
});

test('faults: a file where the run folder should be', async () => {
  const { out, args } = placeFor();
  writeFileSync(out, 'mine');
  const { code, stderr } = await hostCommand(args);
  assert.equal(code, EXIT_CODES.io);
  assert.match(stderr, /cannot use .*out for a run: it is a file, expected a folder\. \[ERR_RUN_FOLDER\]\n$/);
  assert.equal(readFileSync(out, 'utf8'), 'mine');
});

test('faults: whoever reads the output goes away, or cannot keep it', { skip: isLinux }, async () => {
  const cases = [
    { to: 'exec 1> >(exec true); sleep 0.3', code: EXIT_CODES.ok, stderr: /^$/ },
    { to: 'exec 1> /dev/full', code: EXIT_CODES.io, stderr: /cannot be written \(ENOSPC\)/ },
  ];
  for (const { to, code, stderr } of cases) {
    const ended = spawnSync('bash', ['-c', `${to}; exec "$0" "$@"`, process.execPath, MAIN, 'steps'], {
      encoding: 'utf8',
    });
    assert.equal(ended.status, code, ended.stderr);
    assert.match(ended.stderr, stderr);
  }
});

test('faults: fewer file descriptors than connections', { skip: process.platform === 'win32' }, async (t) => {
  // Late enough that all calls that may be out are out.
  const slow = await startFaultServer(async ({ body }, response) => {
    await sleep(500);
    sendJson(response, 200, completionOf([`What is ${body['seed'] as number} + 1?`]));
  });
  t.after(() => slow.stop());
  const folder = temporaryFolder();
  const out = join(folder, 'out');
  const steps = ['steps: [{ generate: { generators: [{ model: many }], tokensMax: 96 } }]'];
  const models = `models: { many: { openai: { model: x, replicas: ['${slow.url}'], slots: 500 } } }`;
  const file = join(folder, 'pipeline.yaml');
  const lines = ['name: many', 'store: none', 'limit: 900', models, ...steps, 'output: { shardRows: 50 }'];
  writeFileSync(file, lines.join('\n'));
  const args = ['run', file, '--out', out];
  const { code, stderr } = await startCommand(args, folder, 'ulimit -n 220').result;
  assert.equal(code, EXIT_CODES.io, stderr);
  assert.match(
    stderr,
    /\(EMFILE\): too many open files in this process\. Raise the limit .* \[ERR_IO_WRITE\]/,
  );
  const again = await hostCommand(args);
  assert.equal(again.code, EXIT_CODES.ok, again.stderr);
  assert.match(again.stdout, /^900 rows kept of 900 /m);
});

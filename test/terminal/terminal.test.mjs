// What a run shows in a real terminal, tmux, at 40, 80 and 200 columns, when it is resized, and where the terminal is dumb.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const HERE = dirname(fileURLToPath(import.meta.url));
const MAIN = join(HERE, '..', '..', 'dist', 'src', 'cli', 'main.js');
const folder = mkdtempSync(join(tmpdir(), 'scalequest-terminal-'));
// A server of its own, so that nobody's sessions are touched.
const socket = join(folder, 'tmux');
const ROWS = 64;
const DEADLINE_MS = 90_000;

after(() => {
  tryTmux('kill-server');
  rmSync(folder, { recursive: true, force: true });
});

function tmux(...args) {
  return execFileSync('tmux', ['-S', socket, '-f', '/dev/null', ...args], { encoding: 'utf8' });
}

function tryTmux(...args) {
  try {
    tmux(...args);
  } catch {
    // There is none.
  }
}

/** Starts a run in a terminal of this size; `before` comes first in its shell. */
async function startRun(name, columns, rows, { before = 'true', slowMs = 3000 } = {}) {
  const port = await freePort();
  writeFileSync(join(folder, 'in.jsonl'), '{"question":"What is 2 + 2?"}\n'.repeat(ROWS));
  const file = join(folder, `${name}.yaml`);
  const server = JSON.stringify([process.execPath, join(HERE, 'server.mjs'), `${port}`, `${slowMs}`]);
  writeFileSync(
    file,
    `name: ${name}
limit: ${ROWS}
store: none
source: { jsonl: { path: in.jsonl, columns: { question: string } } }
models:
  solver:
    openai: { replicas: ["http://127.0.0.1:${port}/v1"], model: m, serve: { command: ${server} } }
    template: qwen2-math
steps:
  - respond: { model: solver, n: 1, tokensMax: 64 }
  - filterAnswered: {}
output: { columns: [question, responses] }
`,
  );
  // The shell outlives a Ctrl-C.
  const command = `trap : INT; ${before}; echo BEFORE; '${process.execPath}' '${MAIN}' run '${file}' --out '${join(folder, name)}'; echo DONE $?; sleep 100`;
  tmux(
    'new-session',
    '-d',
    '-s',
    name,
    '-x',
    `${columns}`,
    '-y',
    `${rows}`,
    `env -u CI -u NO_COLOR sh -c "${command}"`,
  );
}

/** What the terminal shows now, without empty lines; with `-S -` also what has scrolled away. */
function screen(name, ...more) {
  return tmux('capture-pane', '-p', '-t', name, ...more)
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '');
}

async function until(name, what, isSeen) {
  const endMs = Date.now() + DEADLINE_MS;
  for (;;) {
    const lines = screen(name);
    if (isSeen(lines)) return lines;
    if (Date.now() > endMs)
      assert.fail(`${what} was not seen in ${name}:\n${screen(name, '-S', '-').join('\n')}`);
    await sleep(100);
  }
}

const countOf = (lines, wanted) => lines.filter((line) => wanted.test(line)).length;
const BAR = /[━─]{4}/;
const WAITS = /^Waiting for the server of solver, \d+ s:/;
/** The row of a step in the table. */
const respond = (lines) => lines.find((line) => line.startsWith('respond '));

/** Each part is drawn once: nothing of an earlier frame is left. */
function assertWhole(lines, name) {
  const shown = `${name}:\n${lines.join('\n')}`;
  assert.equal(countOf(lines, BAR), 1, shown);
  for (const part of [/^step /, /^respond /, /^filterAnsw/, /^model /, /^solver /])
    assert.equal(countOf(lines, part), 1, shown);
}

for (const [columns, title] of [
  [40, /^step +(rows in +)?kept +dropped$/],
  [80, /^step +rows in +kept +dropped +rows\/s$/],
  [200, /^step +rows in +kept +dropped +rows\/s$/],
]) {
  test(`${columns} columns: what is waited for, then rows that move before their batch, then the summary alone`, async () => {
    const name = `c${columns}`;
    await startRun(name, columns, 30);
    const waiting = await until(name, 'a wait', (lines) => lines.some((line) => WAITS.test(line)));
    assert.equal(countOf(waiting, WAITS), 1, waiting.join('\n'));
    assert.equal(countOf(waiting, /100%/), columns === 200 ? 1 : 0, 'a long line is cut');
    const moved = await until(name, 'a moving row', (lines) =>
      /^respond +.*\b([1-9]\d*)\b/.test(respond(lines) ?? ''),
    );
    assertWhole(moved, name);
    assert.match(
      moved.find((line) => line.startsWith('step ')),
      title,
    );
    // The slow row holds its batch back; the others show.
    const some = await until(
      name,
      'rows of an open batch',
      (lines) =>
        /^respond +(3[01]|6[0-3]) /.test(respond(lines) ?? '') ||
        lines.some((line) => line.startsWith('DONE')),
    );
    assertWhole(some, name);
    const done = await until(name, 'the end', (lines) => lines.some((line) => line.startsWith('DONE 0')));
    assert.equal(countOf(done, BAR), 0, done.join('\n'));
    const all = screen(name, '-S', '-');
    assert.equal(countOf(all, /^BEFORE$/), 1, 'what stood above stays');
    assert.equal(countOf(all, /^64 rows kept of 64/), 1);
  });
}

test('a terminal that is resized in the middle, narrower, wider and lower, is drawn anew and whole', async () => {
  const name = 'resized';
  await startRun(name, 80, 30, { slowMs: 12_000 });
  await until(name, 'rows', (lines) => respond(lines) !== undefined);
  for (const [columns, rows] of [
    [40, 30],
    [200, 30],
    [60, 30],
    [80, 30],
  ]) {
    tmux('resize-window', '-t', name, '-x', `${columns}`, '-y', `${rows}`);
    await sleep(1500);
    const lines = screen(name);
    if (lines.some((line) => line.startsWith('DONE'))) assert.fail('the run ended too soon');
    assertWhole(lines, `${name} ${columns}x${rows}`);
  }
  tmux('resize-window', '-t', name, '-x', '80', '-y', '6');
  await sleep(1500);
  assert.equal(countOf(screen(name), BAR), 1);
  await until(name, 'the end', (lines) => lines.some((line) => line.startsWith('DONE 0')));
});

test('Ctrl-C is answered above what is drawn, which stays with what is certain', async () => {
  const name = 'stopped';
  await startRun(name, 80, 30, { slowMs: 20_000 });
  await until(name, 'rows', (lines) => respond(lines) !== undefined);
  tmux('send-keys', '-t', name, 'C-c');
  const lines = await until(name, 'the end', (seen) =>
    seen.some((line) => line.startsWith('DONE') || line.includes('ERR_CANCELLED')),
  );
  assert.equal(countOf(lines, /^Stopping: closing models and files/), 1, lines.join('\n'));
  assertWhole(lines, name);
  assert.equal(countOf(lines, /^Committed in /), 1);
});

test('a dumb terminal, and one in CI, get plain lines', async () => {
  await startRun('dumb', 200, 50, { before: 'export TERM=dumb' });
  await startRun('ci', 200, 50, { before: 'export CI=true' });
  for (const name of ['dumb', 'ci']) {
    const lines = await until(name, 'the end', (seen) => seen.some((line) => line.startsWith('DONE 0')));
    assert.equal(countOf(lines, BAR), 0);
    assert.ok(countOf(screen(name, '-S', '-'), /^\d+ rows kept, \d+ of 64 source rows done/) >= 2);
  }
});

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

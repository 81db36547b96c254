import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type RunningCommand, runCommand, startCommand } from '../../helpers/commandLine.js';
import { type WorkerRun, createWorkerRun, freePort } from '../../helpers/runs/workerRun.js';

const ROWS = 240;

let run: WorkerRun;
const started: RunningCommand[] = [];

before(async () => {
  run = await createWorkerRun({ rows: ROWS, latencyMs: 200, batchRows: 16 });
  const { code, stderr } = await startCommand(['run', run.file, ...run.flags('alone')]).result;
  assert.equal(code, 0, stderr);
});
after(async () => {
  for (const { child } of started) if (child.exitCode === null && child.signalCode === null) kill(child);
  await run.endpoint.close();
});

function start(...args: string[]): RunningCommand {
  const command = startCommand(args);
  started.push(command);
  return command;
}

function coordinator(name: string, port: number): RunningCommand {
  const flags = ['--listen', `127.0.0.1:${port}`, '--token-file', run.tokenFile];
  return start('run', run.file, ...run.flags(name), ...flags);
}

function worker(port: number): RunningCommand {
  return start('worker', `http://127.0.0.1:${port}`, '--token-file', run.tokenFile);
}

function kill({ pid }: RunningCommand['child']): void {
  process.kill(pid!, 'SIGKILL');
}

test('three workers, killed one after another: the same bytes, and the run does the rest itself', async () => {
  const port = await freePort();
  const workers = [worker(port), worker(port), worker(port)];
  const { result, stderrHas } = coordinator('killed', port);
  await stderrHas('there are 3');
  for (const [at, { child, result: ended }] of workers.entries()) {
    kill(child);
    await ended;
    await stderrHas(`There are ${2 - at}`);
  }
  const { code, stderr } = await result;
  assert.equal(code, 0, stderr);
  assert.equal(run.manifest('killed'), run.manifest('alone'));
});

test('a coordinator that is killed and started again finds its workers; nothing that was stored is asked again', async () => {
  const port = await freePort();
  const requestsBefore = (await run.endpoint.stats()).requests.total;
  const first = coordinator('again', port);
  const workers = [worker(port), worker(port)];
  await first.stderrHas('there are 2');
  // Some rows are through by then.
  await new Promise((resolve) => setTimeout(resolve, 1000));
  kill(first.child);
  await first.result;
  const second = coordinator('again', port);
  await second.stderrHas('there are 2');
  const { code, stderr } = await second.result;
  assert.equal(code, 0, stderr);
  for (const { result } of workers) {
    const ended = await result;
    assert.equal(ended.code, 0, ended.stderr);
    assert.match(ended.stderr, /Working\.[^]*Waiting[^]*Working\.[^]*All rows are done/);
  }
  assert.equal(run.manifest('again'), run.manifest('alone'));
  const requests = (await run.endpoint.stats()).requests;
  // What was out when the coordinator died is shared by the workers that asked it; another worker may ask it once more.
  const alone = requestsBefore / 2;
  assert.ok(
    requests.total - requestsBefore <= alone * 1.15,
    `${requests.total - requestsBefore} after ${alone}`,
  );
});

test('a worker with another token is refused, and the run goes on without it', async () => {
  const port = await freePort();
  const other = join(run.folder, 'other-token');
  writeFileSync(other, 'another-token-of-this-test\n');
  const { result, stderrHas } = coordinator('refusing', port);
  await stderrHas('Listening');
  const refused = await runCommand('worker', `http://127.0.0.1:${port}`, '--token-file', other);
  assert.equal(refused.code, 1);
  worker(port);
  assert.match(refused.stderr, /does not take this worker \(401\).*another token.*\[ERR_WORKER_REFUSED\]/);
  const { code, stderr } = await result;
  assert.equal(code, 0, stderr);
  assert.equal(run.manifest('refusing'), run.manifest('alone'));
});

test('without a token, at no address, or with a token that is too short: said before anything begins', async () => {
  const cases: [string[], RegExp][] = [
    [['run', run.file, '--listen', '127.0.0.1:0'], /no token.*SCALEQUEST_WORKER_TOKEN.*ERR_USAGE/],
    [['worker', 'http://127.0.0.1:1'], /no token.*ERR_USAGE/],
    [['worker', 'ftp://x', '--token-file', run.tokenFile], /ftp:\/\/x.*http:\/\/10\.0\.0\.5:7000.*ERR_USAGE/],
    [['run', run.file, '--listen', 'somewhere'], /expected host:port/],
    [['run', run.file, '--workers', '0'], /expected a whole number/],
  ];
  for (const [args, expected] of cases) {
    const { code, stderr } = await runCommand(...args);
    assert.equal(code, 2, stderr);
    assert.match(stderr.replace(/\n/g, ' '), expected);
  }
});

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { startCommand, temporaryFolder } from '../helpers/commandLine.js';

/** A server that takes its time to start, says what it does, and tries to command the terminal. */
const SERVER = `
  import { createServer } from 'node:http';
  console.log('reading shard 1 of 2');
  setTimeout(() => console.error('\\u001b[31mreading shard 2 of 2' + 'x'.repeat(5000)), 1000);
  const answer = (request, response) => {
    request.resume().on('end', () => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const choices = [{ index: 0, text: 'The answer is \\\\boxed{4}.', finish_reason: 'stop' }];
      response.end(JSON.stringify(request.method === 'GET' ? { data: [] } : { choices, usage: {} }));
    });
  };
  setTimeout(() => createServer(answer).listen(Number(process.argv[2]), '127.0.0.1'), 4500);
`;

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

test('a run shows what the server that it starts is doing, and the log keeps how long it took', async () => {
  const folder = temporaryFolder();
  const port = await freePort();
  writeFileSync(join(folder, 'server.mjs'), SERVER);
  writeFileSync(join(folder, 'in.jsonl'), '{"question":"What is 2 + 2?"}\n');
  writeFileSync(
    join(folder, 'pipeline.yaml'),
    `
name: served
source: { jsonl: { path: in.jsonl, columns: { question: string } } }
models:
  solver:
    openai:
      replicas: ["http://127.0.0.1:${port}/v1"]
      model: m
      serve: { command: [${process.execPath}, ${join(folder, 'server.mjs')}, "${port}"] }
    template: qwen2-math
steps:
  - respond: { model: solver, n: 1, tokensMax: 64 }
output: { columns: [question, responses] }
`,
  );
  const out = join(folder, 'run');
  const { result } = startCommand(['run', join(folder, 'pipeline.yaml'), '--out', out]);
  const { code, stderr } = await result;
  assert.equal(code, 0, stderr);
  const waiting = stderr.split('\n').filter((line) => line.startsWith('Waiting for the server of solver'));
  assert.ok(waiting.length >= 1 && waiting.length <= 4, stderr);
  assert.match(waiting.join('\n'), /solver, \d s: \\u001b\[31mreading shard 2 of 2x+…/);
  assert.ok(waiting.every((line) => line.length < 250 && !line.includes('\u001b')));
  assert.match(stderr, /The server of solver answers after \d+(\.\d)? s\./);
  const log = readFileSync(join(out, 'log.jsonl'), 'utf8').trim().split('\n');
  const served = log
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .find((each) => each['event'] === 'served');
  assert.ok(served && Number(served['startedS']) >= 4, log.join('\n'));
  assert.equal(served['model'], 'solver');
});

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import type { Model } from '../../../src/backends/model.js';
import { openModel } from '../../../src/backends/openModel.js';
import { asserts, inputs } from '../../helpers/sandbox.js';

type Body = Record<string, unknown>;

/** A server that answers /run_code, and a model that asks it. */
async function withServer(
  answer: (body: Body) => unknown,
  use: (model: Model, bodies: Body[]) => Promise<void>,
): Promise<void> {
  const bodies: Body[] = [];
  const server = createServer((request, response) => {
    if (request.url === '/metrics') return response.writeHead(404).end();
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    return request.on('end', () => {
      assert.equal(request.url, '/run_code');
      const body = JSON.parse(text) as Body;
      bodies.push(body);
      response.setHeader('content-type', 'application/json').end(JSON.stringify(answer(body)));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const config = { sandboxFusion: { replicas: [url], retriesMax: 1 } };
  const model = await openModel('far', config, { env: {}, folder: '.' });
  try {
    await use(model, bodies);
  } finally {
    await model.close();
    server.close();
  }
}

const finished = (more: object): object => ({
  ...{ status: 'Success', message: '', compile_result: null, executor_pod_name: null, files: {} },
  run_result: { status: 'Finished', execution_time: 0.1, return_code: 0, stdout: '', stderr: '', ...more },
});

const ASK = { seq: 0, language: 'cpp', program: 'int main', cpuSeconds: 2, memoryMiB: 64 };

test('each input is a request; what a program printed, and how it failed, is read', async () => {
  const replies: Record<string, unknown> = {
    a: finished({ stdout: 'A\n' }),
    b: { ...finished({ return_code: 3, stderr: 'x\nbad\n' }), status: 'Failed' },
    c: { ...finished({ status: 'TimeLimitExceeded', return_code: null }), status: 'Failed' },
    d: {
      ...{ status: 'Failed', message: '', run_result: null },
      compile_result: { status: 'Finished', return_code: 1, stderr: 'no main' },
    },
    e: finished({ stdout: 'x'.repeat(300_000) }),
  };
  await withServer(
    ({ stdin }) => replies[stdin as string],
    async (model, bodies) => {
      const runs = await model.execute({ ...ASK, tests: inputs(...Object.keys(replies)) });
      assert.deepEqual(runs, [
        { isOk: true, text: 'A\n' },
        { isOk: false, text: 'the program ended itself with code 3: bad' },
        { isOk: false, text: 'the program was not done in time' },
        { isOk: false, text: 'the program cannot be compiled: no main' },
        { isOk: false, text: 'the program wrote more than 256 KiB' },
      ]);
      const { stdin: _, ...body } = bodies[0]!;
      assert.deepEqual(body, {
        ...{ language: 'cpp', code: 'int main', run_timeout: 6, compile_timeout: 60, memory_limit_MB: 64 },
      });
    },
  );
});

test('asserts are judged by the judge of our own sandbox, in Python alone', async () => {
  const line = (word: string, text = ''): string => `${word} ${Buffer.from(text).toString('base64')}\n`;
  const stdout = line('ready') + line('ok') + line('failed', 'assert 0') + line('end');
  await withServer(
    () => finished({ stdout }),
    async (model, bodies) => {
      const tests = asserts('assert 1', 'assert 0');
      const ask = { ...ASK, language: 'python', program: 'x = 1' };
      assert.deepEqual(await model.execute({ ...ask, tests }), [
        { isOk: true, text: '' },
        { isOk: false, text: 'assert 0' },
      ]);
      assert.match(
        bodies[0]!['code'] as string,
        /^import sys\nsys.argv = \['judge', 'asserts'\]\n# Runs a program/,
      );
      const job = JSON.parse(bodies[0]!['stdin'] as string) as Body;
      assert.deepEqual(
        [job['program'], job['asserts'], job['reportFd'], job['alone']],
        ['x = 1', tests.kind === 'asserts' && tests.asserts, 1, false],
      );
      assert.deepEqual(await model.execute({ ...ask, tests: asserts() }), []);
      await assert.rejects(model.execute({ ...ASK, tests }), { code: 'ERR_PIPELINE_MODEL' });
    },
  );
});

test('a sandbox that fails is asked again, and is no failed test', async () => {
  let asked = 0;
  const broken = { status: 'SandboxError', message: 'no cgroup', compile_result: null, run_result: null };
  await withServer(
    () => (asked++ === 0 ? broken : finished({ stdout: 'x' })),
    async (model) => {
      assert.deepEqual(await model.execute({ ...ASK, tests: inputs('') }), [{ isOk: true, text: 'x' }]);
      assert.equal(model.stats().retries, 1);
    },
  );
  await withServer(
    () => broken,
    async (model) => {
      const lost = model.execute({ ...ASK, tests: inputs('') });
      await assert.rejects(lost, { code: 'ROW_SERVER_ERROR', message: /no cgroup/ });
    },
  );
});

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { systemClock } from '../../src/clock.js';
import { serveOptions, startServer } from '../../src/process/managedServer.js';
import { openModel } from '../../src/backends/openModel.js';
import type { ScaleQuestError } from '../../src/errors.js';

const folder = mkdtempSync(join(tmpdir(), 'serve-'));

/** A server with a worker beside it, as engines have; it writes both pids to a file and says when it is ready. */
const SERVER = join(folder, 'server.mjs');
writeFileSync(
  SERVER,
  `import { spawn } from 'node:child_process';
   import { writeFileSync } from 'node:fs';
   const worker = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
   console.log('gpus ' + process.env.CUDA_VISIBLE_DEVICES);
   process.on('SIGTERM', () => process.argv[3] === 'stubborn' || process.exit(0));
   setTimeout(() => writeFileSync(process.argv[2], JSON.stringify([process.pid, worker.pid])), 200);
   setInterval(() => {}, 1000);`,
);

let number = 0;

function serverIn(extra: string[] = []): {
  command: string[];
  pidFile: string;
  isReady: () => Promise<boolean>;
} {
  const pidFile = join(folder, `pids-${number++}`);
  const isReady = async (): Promise<boolean> => pidsIn(pidFile).length === 2;
  return { command: [process.execPath, SERVER, pidFile, ...extra], pidFile, isReady };
}

function pidsIn(file: string): number[] {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as number[];
  } catch {
    return [];
  }
}

function isAlive(pid: number): boolean {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', `${pid}`], { encoding: 'utf8' });
  return stdout.trim() !== '' && !stdout.trim().startsWith('Z');
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

async function untilDead(pids: readonly number[]): Promise<void> {
  for (let look = 0; look < 100 && pids.some(isAlive); look++) await delay(50);
  assert.deepEqual(pids.filter(isAlive), []);
}

describe('startServer', () => {
  it('waits until the server is ready, and stops it and its workers', async () => {
    const { command, pidFile, isReady } = serverIn();
    const server = await startServer('m', serveOptions.parse({ command }), {
      env: process.env,
      clock: systemClock,
      isReady,
    });
    const pids = pidsIn(pidFile);
    assert.equal(pids.filter(isAlive).length, 2);
    await server.stop();
    await untilDead(pids);
  });

  it('says how the server ended, with the end of its log, and leaves nothing', async () => {
    const command = [process.execPath, '-e', 'console.error("out of GPU memory"); process.exit(3)'];
    const deps = { env: process.env, clock: systemClock, isReady: async () => false };
    await assert.rejects(
      startServer('solver', serveOptions.parse({ command }), deps),
      (error: Error & { code: string }) => {
        assert.equal(error.code, 'ERR_MODEL_LOAD');
        assert.match(error.message, /solver.*exited with code 3[^]*out of GPU memory/);
        return true;
      },
    );
  });

  it('gives up after startTimeoutMs, and says so of a command that is not there', async () => {
    const { command, pidFile } = serverIn();
    const never = { env: process.env, clock: systemClock, isReady: async () => false };
    await assert.rejects(
      startServer('m', serveOptions.parse({ command, startTimeoutMs: 700 }), never),
      /did not answer within 0.7 s/,
    );
    await untilDead(pidsIn(pidFile));
    const missing = serveOptions.parse({ command: ['no-such-server'] });
    await assert.rejects(
      startServer('m', missing, never),
      /exited with code 127[^]*no-such-server cannot be started/,
    );
  });

  it('is not started where something answers already: its replies would pass for the server’s', async () => {
    const { command, pidFile } = serverIn();
    const deps = { env: process.env, clock: systemClock, isReady: async () => true };
    await assert.rejects(startServer('m', serveOptions.parse({ command }), deps), {
      code: 'ERR_MODEL_LOAD',
      message: /m: something answers at the address of its server before it is started/,
    });
    assert.equal(existsSync(pidFile), false);
  });

  it('is given up at once when the run is cancelled while it starts, and is gone', async () => {
    const { command, pidFile } = serverIn();
    const cancel = new AbortController();
    const isReady = async (): Promise<boolean> => {
      if (existsSync(pidFile)) cancel.abort();
      return false;
    };
    const deps = { env: process.env, clock: systemClock, isReady, signal: cancel.signal };
    await assert.rejects(startServer('m', serveOptions.parse({ command }), deps), { code: 'ERR_CANCELLED' });
    await untilDead(pidsIn(pidFile));
  });

  it('shows the server the GPUs that it may use', async () => {
    const command = [
      process.execPath,
      '-e',
      'console.log("gpus " + process.env.CUDA_VISIBLE_DEVICES); process.exit(1)',
    ];
    const deps = { env: process.env, clock: systemClock, isReady: async () => false };
    await assert.rejects(startServer('m', serveOptions.parse({ command, gpus: [2, 3] }), deps), /gpus 2,3/);
  });

  it('says so at once, with the end of its log, when the server dies in the middle of the run', async () => {
    const script = join(folder, 'dies.mjs');
    writeFileSync(
      script,
      `import { createServer } from 'node:http';
       const server = createServer((request, response) => {
         if (request.method === 'GET') return response.writeHead(200).end('{"data":[]}');
         console.error('CUDA error: device-side assert');
         process.exit(9);
       });
       server.listen(Number(process.argv[2]), '127.0.0.1');`,
    );
    const port = await freePort();
    const openai = {
      ...{ replicas: [`http://127.0.0.1:${port}/v1`], model: 'm', unreachableMs: 600_000 },
      serve: { command: [process.execPath, script, `${port}`] },
    };
    const deps = { env: process.env, folder: '.', random: () => 0.5 };
    const model = await openModel('solver', { openai }, deps);
    const message = { kind: 'user', text: 'What is 1 + 1?' } as const;
    const ask = { message, n: 1, tokensMax: 8, temperature: 1, topP: 1 };
    const startedMs = performance.now();
    const calls = [0, 1, 2].map((seq) => model.complete({ ...ask, seq, seed: seq }));
    for (const outcome of await Promise.allSettled(calls)) {
      assert.equal(outcome.status, 'rejected');
      const { code, message } = outcome.reason as ScaleQuestError;
      assert.equal(code, 'ERR_MODEL_CRASHED', message);
      assert.match(
        message,
        /solver: .* exited with code 9 in the middle of the run[^]*CUDA error: device-side/,
      );
    }
    assert.ok(performance.now() - startedMs < 30_000);
    await model.close();
  });

  it('takes the server along when our own process is killed outright', async () => {
    const { command, pidFile } = serverIn();
    const module = new URL('../../src/process/managedServer.js', import.meta.url).href;
    const clock = new URL('../../src/clock.js', import.meta.url).href;
    const parent = spawn(process.execPath, [
      '--input-type=module',
      '-e',
      `import { startServer } from ${JSON.stringify(module)};
       import { systemClock } from ${JSON.stringify(clock)};
       const options = { command: ${JSON.stringify(command)}, startTimeoutMs: 20000 };
       await startServer('m', options, { env: process.env, clock: systemClock, isReady: async () => false });`,
    ]);
    for (let look = 0; look < 100 && pidsIn(pidFile).length < 2; look++) await delay(50);
    const pids = pidsIn(pidFile);
    assert.equal(pids.filter(isAlive).length, 2);
    parent.kill('SIGKILL');
    await untilDead(pids);
  });
});

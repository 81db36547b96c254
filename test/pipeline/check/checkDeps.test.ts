import assert from 'node:assert/strict';
import { test } from 'node:test';
import { promptFrom } from '../../../src/pipeline/check/checkDeps.js';

test('paths of prompts start at the folder of the pipeline file; built-in prompts have a name alone', () => {
  const asked: [string, string | undefined][] = [];
  const prompt = promptFrom('/sets/first', {
    prompt: (name, path) => `text ${asked.push([name, path])}`,
  });
  assert.equal(prompt('respond', 'prompts/own.md'), 'text 1');
  assert.equal(prompt('respond', '/else/own.md'), 'text 2');
  assert.equal(prompt('respond', undefined), 'text 3');
  assert.deepEqual(asked, [
    ['respond', '/sets/first/prompts/own.md'],
    ['respond', '/else/own.md'],
    ['respond', undefined],
  ]);
});

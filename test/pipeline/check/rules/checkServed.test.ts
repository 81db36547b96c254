import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkText, problemsOf } from '../../../helpers/runs/pipelineWorld.js';

test('two models that start a server at one address are found, whatever their paths', async () => {
  const serving = (path: string, port: number): string =>
    `{ openai: { replicas: ["http://127.0.0.1:${port}${path}"], model: m, serve: { command: [serve] } } }`;
  const text = (port: number): string =>
    [
      ...['name: models', 'limit: 2', 'models:'],
      `  first: ${serving('/v1', 8000)}`,
      `  second: ${serving('/v1/', port)}`,
      'steps:',
      '  - generate: { generators: [{ model: first }, { model: second }] }',
    ].join('\n');
  const [problem, ...more] = await problemsOf(text(8000));
  assert.deepEqual(more, []);
  assert.equal(problem!.code, 'ERR_PIPELINE_INVALID');
  assert.deepEqual([problem!.at?.line, problem!.at?.key], [5, 'models.second.openai.serve']);
  assert.match(problem!.message, /127\.0\.0\.1:8000, which model first starts already/);
  await checkText(text(8001));
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GENERATE, testsOf, withSteps } from '../../helpers/texts/checkCases.js';
import { problemsOf } from '../../helpers/runs/pipelineWorld.js';

for (const [name, check] of testsOf([
  [
    'a prompt file that is missing',
    withSteps(GENERATE, 'respond: { model: tiny, tokensMax: 64, prompt: nowhere.txt }'),
    [
      'ERR_IO_READ',
      '6:52',
      'steps.1.respond.prompt',
      /cannot read .*pipelines.nowhere\.txt: there is no such file/,
    ],
  ],
]))
  test(name, check);

const PROMPTS: [text: string, message: RegExp][] = [
  ['Solve it.', /mine\.txt uses no column, as \{\{ question \}\}, so every row would ask the same/],
  ['{{ question', /is not a Jinja template/],
];

for (const [prompt, message] of PROMPTS) {
  test(`a bad prompt file: ${prompt}`, async () => {
    const text = withSteps(GENERATE, 'respond: { model: tiny, tokensMax: 64, prompt: mine.txt }');
    const [found, ...others] = await problemsOf(text, { prompt: () => prompt });
    assert.equal(found!.code, 'ERR_PIPELINE_INVALID');
    assert.equal(found!.at!.key, 'steps.1.respond.prompt');
    assert.match(found!.message, message);
    assert.match(found!.message, /prompt: mine\.txt /);
    assert.deepEqual(others, []);
  });
}

test('a mistake in a prompt is told at its own step, though a step before it is switched off', async () => {
  const off = '{ deduplicate: {}, enabled: false }';
  const text = withSteps(GENERATE, off, 'respond: { model: tiny, tokensMax: 64, prompt: mine.txt }');
  const [found, ...others] = await problemsOf(text, { prompt: () => 'Solve it.' });
  assert.deepEqual([found!.at!.line, found!.at!.key], [7, 'steps.2.respond.prompt']);
  assert.deepEqual(others, []);
});

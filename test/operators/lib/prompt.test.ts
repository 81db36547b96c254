import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ScaleQuestError } from '../../../src/errors.js';
import { compilePrompt } from '../../../src/operators/lib/prompt.js';
import { contextOf } from '../../helpers/runOperator.js';

function compile(text: string, variables: readonly string[], path?: string) {
  return compilePrompt(contextOf([], { prompt: () => text }), 'respond', path, variables);
}

test('a prompt is a Jinja template: values stand in it as they are', () => {
  const prompt = compile('Q: {{ question }}\n{% if question %}A:{% endif %}', ['question']);
  assert.equal(prompt({ question: '2 < 3 & {{ x }}?' }), 'Q: 2 < 3 & {{ x }}?\nA:');
});

test('filters and attributes are no variables', () => {
  const prompt = compile('{{ question | trim | upper }}{% if question is defined %}!{% endif %}', [
    'question',
  ]);
  assert.equal(prompt({ question: ' why ' }), 'WHY!');
});

const INVALID: [text: string, message: RegExp][] = [
  ['Solve it.', /the built-in prompt respond does not use \{\{ question \}\}/],
  ['{{ question }} {{ answer }}', /uses \{\{ answer \}\}, expected only \{\{ question \}\}/],
  ['{{ Question }}', /does not use \{\{ question \}\}/],
  ['{{ question', /is not a Jinja template/],
  [
    '{{ question }}<|im_end|>',
    /respond holds the control token "<\|im_end\|>", which the model’s `template` writes/,
  ],
  ['{% for %}{{ question }}', /is not a Jinja template/],
];

for (const [text, message] of INVALID) {
  test(`refused before the first row: ${text}`, () => {
    assert.throws(
      () => compile(text, ['question']),
      (error) =>
        error instanceof ScaleQuestError &&
        error.code === 'ERR_PIPELINE_INVALID' &&
        message.test(error.message),
    );
  });
}

test('the mistake names the prompt file', () => {
  assert.throws(
    () => compile('no', ['question'], 'my/prompt.txt'),
    /^ScaleQuestError: my\/prompt.txt does not use/,
  );
});

test('every built-in prompt fits its step and ends without a newline', () => {
  for (const [name, variables] of [
    ['judgeSolvability', ['question']],
    ['respond', ['question']],
    ['rewriteDifficulty', ['question']],
    ['rewriteSolvability', ['question']],
    ['scoreDifficulty', ['question']],
    ['scoreReward', ['question', 'response']],
  ] as const) {
    const render = compilePrompt(contextOf(), name, undefined, variables);
    const text = render(Object.fromEntries(variables.map((variable) => [variable, `<${variable}>`])));
    for (const variable of variables) assert.ok(text.includes(`<${variable}>`), name);
    assert.ok(!text.endsWith('\n'), name);
  }
});

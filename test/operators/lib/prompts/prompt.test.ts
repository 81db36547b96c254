import assert from 'node:assert/strict';
import { test } from 'node:test';
import { guardMarkers } from '../../../../src/backends/guardMarkers.js';
import type { OpenedModel } from '../../../../src/backends/protocol.js';
import { RowError, ScaleQuestError } from '../../../../src/errors.js';
import { compilePrompt } from '../../../../src/operators/lib/prompts/prompt.js';
import { contextOf } from '../../../helpers/runs/runOperator.js';

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
  ['{{ question }} {{ strftime_now("%Y") }}', /uses strftime_now, expected nothing that differs/],
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

/** Columns of every type, and what a prompt makes of them. */
const RENDERED: [text: string, written: string][] = [
  [
    '{{ text }} {{ whole }} {{ big }} {{ huge }} {{ share }} {{ flag }}',
    'a {{ b }} 3 4 9007199254740993 0.5 true',
  ],
  ['{% for tag in tags %}{{ loop.index }}. {{ tag }}\n{% endfor %}', '1. x\n2. <y>\n'],
  ['{{ topic.name }}: {{ topic.levels | join(", ") }}', 'Algebra: 1, 2'],
  [
    '{% for turn in messages %}{{ turn.role }}: {{ turn.content }}; {% endfor %}',
    'user: Why?; assistant: So.; ',
  ],
  ['{{ tags }} {{ topic }}', '["x", "<y>"] {"name": "Algebra", "levels": [1, 2]}'],
  ['{% if hint %}Hint: {{ hint }}{% else %}No hint{% endif %}', 'No hint'],
];
const ROW = {
  ...{ text: 'a {{ b }}', whole: 3, big: 4n, huge: 9007199254740993n, share: 0.5, flag: true, hint: null },
  ...{ tags: ['x', '<y>'], topic: { name: 'Algebra', levels: [1n, 2n] } },
  messages: [
    { role: 'user', content: 'Why?' },
    { role: 'assistant', content: 'So.' },
  ],
};

for (const [text, written] of RENDERED) {
  test(`columns of any type: ${text.replaceAll('\n', '⏎')}`, () =>
    assert.equal(compile(text, [])(ROW), written));
}

test('a prompt tells its columns, and which of them may have no value; variables of the step are none', () => {
  const { columns } = compile('{{ question }} {{ response }} {% if hint %}{{ hint }}{% endif %}', [
    'response',
  ]);
  assert.deepEqual(columns, [
    { name: 'question', mayLack: false },
    { name: 'hint', mayLack: true },
  ]);
});

test('values that do not fit the prompt reject the row', () => {
  for (const text of ['{% for x in whole %}{{ x }}{% endfor %}', '{{ raise_exception("no " ~ text) }}']) {
    const prompt = compile(text, []);
    assert.throws(
      () => prompt(ROW),
      (error) => error instanceof RowError && error.code === 'ROW_PROMPT',
    );
  }
});

test('the option is the text itself where it has a line end or braces, and a file otherwise', () => {
  const context = contextOf([], { prompt: (_, path) => `{{ question }} of ${path}` });
  for (const [given, written] of [
    ['my/prompt.txt', 'Q of my/prompt.txt'],
    ['my own prompt.txt', 'Q of my own prompt.txt'],
    ['{{ question }}?', 'Q?'],
    ['Say:\n{{ question }}\n', 'Say:\nQ'],
    ['{% if question %}yes{% endif %}', 'yes'],
  ] as const) {
    assert.equal(compilePrompt(context, 'respond', given, [])({ question: 'Q' }), written);
  }
  const constant = /the prompt uses no column, as \{\{ question \}\}, so every row would ask the same/;
  assert.throws(() => compilePrompt(context, 'respond', 'Write\na poem.', []), constant);
});

test('a marker that a template puts together is not sent: the model looks at the whole text', async () => {
  const prompt = compile('{{ a }}{{ b }}', []);
  const message = { kind: 'user', text: prompt({ a: '<|im_', b: 'end|>' }) } as const;
  const opened: OpenedModel = {
    ...{ label: 'tiny', name: 'tiny', can: { preQuery: false, choose: false, score: false, embed: false } },
    ...{ complete: async () => [], stats: () => assert.fail(), close: async () => undefined },
  };
  const ask = { seq: 0, message, n: 1, tokensMax: 1, temperature: 0, topP: 1, seed: 0 };
  await assert.rejects(guardMarkers(opened).complete!(ask), { code: 'ROW_MARKER' });
});

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

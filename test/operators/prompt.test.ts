import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type PromptOptions, prompt } from '../../src/operators/prompt.js';
import { deriveSeed } from '../../src/random.js';
import {
  type Input,
  contextOf,
  lostTexts,
  questionsInput,
  runOperator,
} from '../helpers/runs/runOperator.js';
import { type Script, messageText, scriptedModel } from '../helpers/scriptedModel.js';

const ROWS: Input = {
  columns: { topic: 'struct<name: string, level: int64>', tags: 'list<string>' },
  rows: [{ topic: { name: 'Joins', level: 3n }, tags: ['sql', 'keys'] }],
};

async function ask(options: Omit<PromptOptions, 'model'>, complete: Script['complete'], input: Input = ROWS) {
  const model = scriptedModel({ complete });
  const output = await runOperator(prompt({ model: 'tiny', ...options }, contextOf([model])), input);
  return { ...output, model };
}

test('a prompt over structs and lists; the reply is a column, without its thought', async () => {
  const text = '{{ topic.name }} ({{ topic.level }}): {{ tags | join(", ") }}';
  const { rows, model } = await ask({ prompt: text, column: 'question', reasoning: 'why' }, () => [
    '<think>hm</think> Q? ',
  ]);
  assert.deepEqual([rows[0]!['question'], rows[0]!['why']], ['Q?', 'hm']);
  const seed = deriveSeed(7, 'prompt', 0);
  const message = { kind: 'user', text: 'Joins (3): sql, keys' };
  assert.deepEqual(model.completes, [
    { seq: 0, message, n: 1, tokensMax: 2048, temperature: 0.7, topP: 0.95, seed },
  ]);
});

test('several replies are a list; those that cannot be used are left out, and a row without any is rejected', async () => {
  const input = questionsInput(['a', 'b']);
  const complete: Script['complete'] = ({ seq }) => (seq === 0 ? ['x', '', 'y'] : ['', '', '']);
  const output = await ask({ prompt: '{{ question }}', n: 3 }, complete, input);
  assert.deepEqual(output.rows[0]!['reply'], ['x', 'y']);
  assert.deepEqual(lostTexts(output), ['1 rejected ROW_EMPTY']);
});

test('a system message is a template too, and always the text itself', async () => {
  const { model } = await ask({ prompt: 'Q of {{ topic.name }}', system: 'You know {{ tags[0] }}.' }, () => [
    'x',
  ]);
  assert.deepEqual(model.completes[0]!.message, {
    kind: 'chat',
    next: 'assistant',
    turns: [
      { role: 'system', content: 'You know sql.' },
      { role: 'user', content: 'Q of Joins' },
    ],
  });
  const alone = await ask({ prompt: 'Say\nit', system: 'Be brief.' }, () => ['x']);
  assert.deepEqual(alone.rows[0]!['reply'], 'x');
});

const SCHEMA = {
  type: 'object',
  properties: {
    query: { type: 'string' },
    difficulty: { type: 'integer', minimum: 1, maximum: 5 },
    tables: { type: 'array', items: { type: 'string' } },
  },
  required: ['query', 'difficulty'],
} as const;
const JSON_OPTIONS = { prompt: '{{ question }}', json: SCHEMA as unknown as Record<string, never> };

test('the fields of a JSON reply become typed columns; the server is told the schema', async () => {
  const complete: Script['complete'] = ({ seq }) => [
    seq === 0
      ? 'Sure:\n```json\n{"query": "SELECT \\\\alpha", "difficulty": 3, "tables": ["t"]}\n```'
      : '{"query": "SELECT 1", "difficulty": 9}',
  ];
  const output = await ask(JSON_OPTIONS, complete, questionsInput(['a', 'b']));
  assert.deepEqual(output.rows, [
    { seq: 0, question: 'a', query: 'SELECT \\alpha', difficulty: 3n, tables: ['t'] },
  ]);
  assert.deepEqual(lostTexts(output), ['1 rejected ROW_JSON']);
  assert.deepEqual(output.model.completes[0]!.jsonSchema, SCHEMA);
});

test('a reply that does not fit is asked for again, with the fault, and counted', async () => {
  const complete: Script['complete'] = (request) => [
    messageText(request).includes('It cannot be used: difficulty must be <= 5')
      ? '{"query": "q", "difficulty": 5}'
      : '{"query": "q", "difficulty": 9}',
  ];
  const { rows, batches, model } = await ask(
    { ...JSON_OPTIONS, repairsMax: 1 },
    complete,
    questionsInput(['a']),
  );
  assert.equal(rows[0]!['difficulty'], 5n);
  const events = batches.flatMap((batch) => batch.events);
  assert.deepEqual(events, [{ kind: 'leftOut', seq: 0, step: 'prompt', reason: 'ROW_JSON', choices: 1 }]);
  assert.equal(model.completes.length, 2);
  assert.notEqual(model.completes[0]!.seed, model.completes[1]!.seed);
});

test('several turns are several steps: one opens the dialogue, the user speaks again, the assistant answers', async () => {
  const opened = await ask(
    { prompt: '{{ question }}', messages: 'dialogue', opens: true, system: 'Be kind.' },
    () => ['A1'],
    questionsInput(['Q1']),
  );
  const first = [
    { role: 'system', content: 'Be kind.' },
    { role: 'user', content: 'Q1' },
    { role: 'assistant', content: 'A1' },
  ];
  assert.deepEqual(opened.rows[0]!['dialogue'], first);
  const inputOf = (dialogue: unknown): Input => ({
    columns: { dialogue: 'messages' },
    rows: [{ dialogue: dialogue as never }],
  });
  const user = await ask({ messages: 'dialogue', as: 'user' }, () => ['Q2'], inputOf(first));
  assert.deepEqual(user.model.completes[0]!.message, { kind: 'chat', turns: first, next: 'user' });
  const second = [...first, { role: 'user', content: 'Q2' }];
  assert.deepEqual(user.rows[0]!['dialogue'], second);
  const answered = await ask({ messages: 'dialogue', column: 'answer' }, () => ['A2'], inputOf(second));
  assert.deepEqual(answered.rows[0]!['answer'], 'A2');
  assert.deepEqual(answered.rows[0]!['dialogue'], [...second, { role: 'assistant', content: 'A2' }]);
  const more = await ask({ messages: 'dialogue', prompt: 'Check it.' }, () => ['ok'], inputOf(first));
  const said = (more.rows[0]!['dialogue'] as { content: string }[]).map(({ content }) => content);
  assert.deepEqual(said, ['Be kind.', 'Q1', 'A1', 'Check it.', 'ok']);
});

const INVALID: [options: object, message: RegExp][] = [
  [{}, /prompt.prompt: expected a prompt/],
  [{ ...JSON_OPTIONS, n: 2 }, /prompt.n: expected 1 with `json`/],
  [{ prompt: '{{ a }}', messages: 'm', opens: true, n: 2 }, /prompt.n: expected 1 with `messages`/],
  [{ prompt: '{{ a }}', repairsMax: 1 }, /prompt.repairsMax: expected `json` with it/],
  [{ prompt: '{{ a }}', opens: true }, /prompt.opens: expected `messages` with it/],
  [{ prompt: '{{ a }}', as: 'user' }, /prompt.as: expected `messages` with a dialogue/],
  [{ prompt: '{{ a }}', as: 'user', messages: 'm' }, /prompt.as: expected no `prompt`/],
  [{ prompt: '{{ a }}', column: 'seq' }, /prompt.column: expected another name/],
  [{ prompt: '{{ a }}', json: 'schema.json' }, /a path is read in pipeline files alone/],
];

for (const [options, message] of INVALID) {
  test(`refused: ${JSON.stringify(options)}`, () => {
    assert.throws(() => prompt({ model: 'tiny', ...options }, contextOf([])), message);
  });
}

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { openModel } from '../../src/backends/openModel.js';
import { ScaleQuestError } from '../../src/errors.js';
import { collectRows } from '../../src/run/collectRows.js';
import { generate } from '../../src/operators/generate.js';
import { rewrite } from '../../src/operators/rewrite.js';
import { checkFile } from '../../src/pipeline/check/check.js';
import { deriveSeed } from '../../src/random.js';
import { completionOf, sendJson, startFaultServer } from '../helpers/servers/faultServer.js';
import { type Input, contextOf, lostTexts, runOperator } from '../helpers/runs/runOperator.js';
import {
  PIPELINES_FOLDER,
  checkDeps,
  checkText,
  openTiny,
  problemsOf,
  runInMemory,
} from '../helpers/runs/pipelineWorld.js';
import { messageText, scriptedModel } from '../helpers/scriptedModel.js';

const Q = 'How many pears are left?';

function input(questions: readonly string[], generator = 'qgen'): Input {
  return {
    columns: { question: 'string', generator: 'string' },
    rows: questions.map((question) => ({ question, generator })),
  };
}

function rewriter(reply: (asked: string) => string | { text: string; finish: 'length' }) {
  return scriptedModel({ complete: (request) => [reply(messageText(request))] }, 'gpt');
}

const QGEN = scriptedModel({}, 'qgen');

test('a row becomes a pair in the wrapper of its own generator', async () => {
  const other = scriptedModel({}, 'other');
  const context = contextOf([rewriter(() => `FINAL QUESTION: ${Q}`), QGEN, other]);
  const rows = [...input(['a?']).rows, ...input(['b?'], 'other').rows];
  const output = await runOperator(rewrite({ model: 'gpt', directions: { difficulty: 1 } }, context), {
    ...input([]),
    rows,
  });
  assert.deepEqual(output.rows, [
    {
      ...{ seq: 0, question: 'a?', generator: 'qgen', prompt: '<qgen>' },
      ...{ chosen: `${Q}<end>`, rejected: 'a?<end>', direction: 'difficulty' },
    },
    {
      ...{ seq: 1, question: 'b?', generator: 'other', prompt: '<other>' },
      ...{ chosen: `${Q}<end>`, rejected: 'b?<end>', direction: 'difficulty' },
    },
  ]);
});

test('template and questionEnd replace the generator’s wrapper, and no generator is needed', async () => {
  const context = contextOf([rewriter(() => `FINAL QUESTION: ${Q}`)], {
    promptWrapper: (template) => ({ opening: `${JSON.stringify(template)}: `, end: '<end>' }),
  });
  const questions: Input = { columns: { question: 'string' }, rows: [{ question: 'a?' }] };
  const pairOf = async (options: object): Promise<unknown[]> => {
    const { rows } = await runOperator(rewrite({ model: 'gpt', ...options }, context), questions);
    const { prompt, chosen, rejected } = rows[0]!;
    return [prompt, chosen, rejected];
  };
  assert.deepEqual(await pairOf({ template: 'chatml' }), ['"chatml": ', `${Q}<end>`, 'a?<end>']);
  const tokenizer = { tokenizer: 'x' };
  assert.deepEqual(await pairOf({ template: tokenizer, questionEnd: '' }), ['{"tokenizer":"x"}: ', Q, 'a?']);
  const own = contextOf([rewriter(() => `FINAL QUESTION: ${Q}`), QGEN]);
  const noEnd = await runOperator(rewrite({ model: 'gpt', questionEnd: '' }, own), input(['a?']));
  assert.deepEqual([noEnd.rows[0]!['prompt'], noEnd.rows[0]!['chosen']], ['<qgen>', Q]);
});

test('what cannot be used is lost for a reason of its own, and never becomes an empty text', async () => {
  const replies: Record<string, string | { text: string; finish: 'length' }> = {
    'fine?': `FINAL QUESTION: ${Q}`,
    'no marker?': 'I cannot do that.',
    'nothing after it?': 'FINAL QUESTION:',
    'no reply?': '',
    'cut off?': { text: 'METHODS: many', finish: 'length' },
    'Same, or  not?': 'FINAL QUESTION: same or not',
    'too long?': `FINAL QUESTION: ${'x'.repeat(41)}`,
    'just right?': `FINAL QUESTION: ${'x'.repeat(40)}`,
  };
  const model = rewriter((asked) => replies[Object.keys(replies).find((key) => asked.endsWith(key))!]!);
  const operator = rewrite({ model: 'gpt', charsMax: 40 }, contextOf([model, QGEN]));
  const output = await runOperator(operator, input(Object.keys(replies)));
  assert.deepEqual(
    output.rows.map(({ seq }) => seq),
    [0, 7],
  );
  assert.deepEqual(lostTexts(output), [
    '1 rejected ROW_UNCLEAR',
    '2 rejected ROW_EMPTY',
    '3 rejected ROW_EMPTY',
    '4 rejected ROW_LENGTH',
    '5 dropped unchanged',
    '6 dropped tooLong',
  ]);
  assert.match(output.lost[1]!.message, /nothing after its heading/);
});

test('a direction is drawn by weight, from the seed and the row alone', async () => {
  const questions = input(Array.from({ length: 2000 }, (_, seq) => `question ${seq}?`));
  const model = rewriter(() => `FINAL QUESTION: ${Q}`);
  const directionsOf = async (options: object, batchRows: number, seed: number): Promise<unknown[]> => {
    const operator = rewrite({ model: 'gpt', ...options }, contextOf([model, QGEN], { seed }));
    return (await runOperator(operator, questions, batchRows)).rows.map(({ direction }) => direction);
  };
  const even = await directionsOf({}, 500, 7);
  assert.deepEqual(await directionsOf({}, 37, 7), even);
  assert.notDeepEqual(await directionsOf({}, 500, 8), even);
  const solvable = (drawn: readonly unknown[]) => drawn.filter((one) => one === 'solvability').length;
  // Four standard deviations of 2,000 draws.
  assert.ok(Math.abs(solvable(even) - 1000) < 90);
  assert.ok(
    Math.abs(solvable(await directionsOf({ directions: { solvability: 3, difficulty: 1 } }, 500, 7)) - 1500) <
      78,
  );
  assert.equal(solvable(await directionsOf({ directions: { solvability: 0.1 } }, 500, 7)), 2000);
});

test('each direction asks with its own prompt; greedy, one reply, with the seed of the row', async () => {
  const model = rewriter(() => `FINAL QUESTION: ${Q}`);
  const prompt = (name: string, path: string | undefined): string => `${name} ${path}: {{ question }}`;
  const operator = rewrite(
    { model: 'gpt', prompts: { difficulty: 'harder.txt' } },
    contextOf([model, QGEN], { prompt }),
  );
  const { rows } = await runOperator(operator, input(['a?', 'b?', 'c?', 'd?', 'e?', 'f?']));
  const asked: Record<string, string> = {
    difficulty: 'rewriteDifficulty harder.txt',
    solvability: 'rewriteSolvability undefined',
  };
  for (const { seq, direction, question } of rows) {
    const { message: _message, ...request } = model.completes.find((one) => one.seq === seq)!;
    const seed = deriveSeed(7, 'rewrite', seq as number);
    assert.deepEqual(request, { seq, n: 1, temperature: 0, topP: 1, tokensMax: 4096, seed });
    assert.equal(
      messageText(model.completes.find((one) => one.seq === seq)!),
      `${asked[direction as string]}: ${question}`,
    );
  }
  assert.equal(new Set(rows.map(({ direction }) => direction)).size, 2);
});

test('a direction that is switched off needs no prompt', () => {
  const prompt = (name: string): string => (name === 'rewriteSolvability' ? '{{ question }}' : 'broken');
  const context = contextOf([QGEN], { prompt });
  rewrite({ model: 'gpt', directions: { solvability: 1 } }, context);
  assert.throws(() => rewrite({ model: 'gpt' }, context), /rewriteDifficulty uses no column/);
});

test('over HTTP: a generator of raw prompts gives the wrapper, a chat model rewrites', async () => {
  const server = await startFaultServer(({ path, body }, response) => {
    if (path === '/v1/completions') return sendJson(response, 200, completionOf(['How many?']));
    const [message] = body['messages'] as { content: string }[];
    assert.ok(message!.content.endsWith('How many?'));
    const content = `**FINAL QUESTION:** ${Q}`;
    return sendJson(response, 200, {
      choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 10, completion_tokens: 5 },
    });
  });
  const openai = { replicas: [server.url], model: 'm', apiKeyEnv: 'KEY' };
  const deps = { env: { KEY: 'sk-test-0123456789' }, folder: '.' };
  const models = [
    await openModel('qgen', { openai, template: 'deepseek-math' }, deps),
    await openModel('gpt', { openai: { ...openai, protocol: 'chat' } }, deps),
  ];
  try {
    const context = contextOf(models);
    const { rows } = await collectRows({ limit: 2 }, (source) =>
      source.pipe(generate({ generators: [{ model: 'qgen' }] }, context), rewrite({ model: 'gpt' }, context)),
    );
    const end = '\n\n<｜end▁of▁sentence｜>';
    for (const { prompt, chosen, rejected } of rows)
      assert.deepEqual([prompt, chosen, rejected], ['User: ', `${Q}${end}`, `How many?${end}`]);
    assert.equal(rows.length, 2);
    assert.deepEqual(
      new Set(server.seen.map(({ path }) => path)),
      new Set(['/v1/completions', '/v1/chat/completions']),
    );
  } finally {
    await Promise.all(models.map((model) => model.close()));
    await server.stop();
  }
});

test('a generator whose template nobody here knows ends the run and says what to do', async () => {
  const chat = { ...scriptedModel({}, 'qgen'), promptWrapper: undefined };
  const operator = rewrite({ model: 'gpt' }, contextOf([rewriter(() => Q), chat]));
  await assert.rejects(
    runOperator(operator, input(['a?'])),
    (error) =>
      error instanceof ScaleQuestError &&
      error.code === 'ERR_PIPELINE_MODEL' &&
      /option template/.test(error.message),
  );
});

test('the pipeline of preference pairs is without mistakes, and writes what a trainer reads', async () => {
  const { columns } = await checkFile(join(PIPELINES_FOLDER, 'qpo.yaml'), checkDeps());
  assert.deepEqual(
    columns.map(({ name, type }) => `${name} ${type}`),
    ['prompt string', 'chosen string', 'rejected string', 'direction string'],
  );
});

test('a template by its name is the published one', async () => {
  const context = contextOf([rewriter(() => `FINAL QUESTION: ${Q}`)]);
  const operator = rewrite({ model: 'gpt', template: 'deepseek-math' }, context);
  const { rows } = await runOperator(operator, input(['a?']));
  assert.deepEqual([rows[0]!['prompt'], rows[0]!['rejected']], ['User: ', 'a?\n\n<｜end▁of▁sentence｜>']);
});

const TEXT = `name: pairs
seed: 3
limit: 6
models: { tiny: { llamaCpp: { path: ../models/tiny.gguf } } }
steps:
  - generate: { generators: [{ model: tiny }], tokensMax: 64 }
  - rewrite: { model: tiny, directions: { solvability: 0, difficulty: 0 } }
`;

test('check: weights that are all zero, and a generator column that nobody writes', async () => {
  const [zero] = await problemsOf(TEXT);
  assert.match(
    zero!.message,
    /^.*test\.yaml:7:\d+ steps\.1\.rewrite\.directions: found .* expected a weight above 0/,
  );
  const [column] = await problemsOf(
    TEXT.replace(/ {2}- generate.*\n/, '')
      .replace(/, directions.*/, ' }')
      .replace('limit: 6', 'limit: 6\nsource: { jsonl: { path: x.jsonl } }'),
  );
  assert.match(column!.message, /rewrite reads the column "generator", which no step before it writes/);
});

for (const [template, message] of [
  ['qwen9-math', /expected qwen2-math, chatml, deepseek-math/],
  ['5', /steps\.1\.rewrite\.template: found 5, expected a name, \{ tokenizer: path \}/],
  ['{ tokenizer: gone.json }', /gone\.json is no tokenizer_config\.json that can be read/],
  ["{ preQuery: 'Q: ', user: 'Q', stop: [x] }", /expected \{\{ user \}\} in it, exactly once/],
] as const) {
  test(`check refuses the template ${template}`, async () => {
    const problems = await problemsOf(TEXT.replace(/directions: .*/, `template: ${template} }`));
    assert.equal(problems.length, 1);
    assert.match(problems[0]!.message, message);
    assert.equal(problems[0]!.at!.line, 7);
  });
}

test('the bundled model was not trained to rewrite: every row is counted as lost, none is written', async () => {
  const tiny = await openTiny({ processes: 1, sequences: 4 });
  try {
    const plan = await checkText(TEXT.replace(/directions: .*/, 'tokensMax: 64 }'));
    const { totals, batches } = await runInMemory(plan, { tiny });
    const lost = Object.entries(totals.counts).filter(([key]) => key.startsWith('rewrite rejected ROW_'));
    const before = totals.counts['generate rejected ROW_LENGTH'] ?? 0;
    assert.equal(lost.reduce((sum, [, rows]) => sum + rows, 0) + before, 6);
    assert.equal(
      batches.reduce((sum, { numRows }) => sum + numRows, 0),
      totals.kept,
    );
    assert.equal(totals.kept, 0);
  } finally {
    await tiny.close();
  }
});

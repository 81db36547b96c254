import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { columnValues } from '../../src/arrow/read.js';
import type { Model } from '../../src/backends/model.js';
import { type TemplateConfig, resolveTemplate } from '../../src/backends/templates/template.js';
import { PACKAGE_FOLDER } from '../../src/io/files/packageFiles.js';
import { readTextFile } from '../../src/io/files/textFile.js';
import { checkChain, overridesOf as linkOverrides } from '../../src/pipeline/chain.js';
import { checkFile } from '../../src/pipeline/check/check.js';
import type { Plan } from '../../src/pipeline/plan.js';
import { openExport } from '../../src/io/exports/registry.js';
import { commandOf } from '../../src/train/command.js';
import { messageText, scriptedModel } from '../helpers/scriptedModel.js';
import {
  PIPELINES_FOLDER,
  answerOnce,
  checkDeps,
  openTiny,
  overridesOf,
  runInMemory,
} from '../helpers/runs/pipelineWorld.js';

/** The pipelines as they are written for the models of the paper, each run on the bundled model, which plays every role. */

const TINY = '{ llamaCpp: { path: ../models/tiny.gguf, contextTokens: 512 }, template: qwen2-math }';
const GENERATE = ['steps.generate.tokensMax=128', 'source.windowRows=12', 'source.batchRows=4'];
const JUDGE = [
  'steps.judgeSolvability.prompt=prompts/judgeSolvability.txt',
  'steps.judgeSolvability.tokensMax=112',
];
const SOLVE = ['steps.respond.tokensMax=160', 'steps.respond.prompt=prompts/respond.txt'];
const VERIFY = 'steps.scoreReward.method=yesNo';

/** File → its roles, and what is smaller than written, or needs a kind of model that the bundled one is not. */
const CASES: Record<string, { roles: string[]; overrides: string[]; rows: number }> = {
  'scalequest-math.yaml': {
    roles: ['qwenGenerator', 'deepseekGenerator', 'solver', 'scorer', 'reward'],
    overrides: [
      ...GENERATE,
      ...JUDGE,
      ...SOLVE,
      VERIFY,
      'steps.scoreDifficulty.method=digit',
      'steps.decontaminate.enabled=true',
      'target=2',
    ],
    rows: 2,
  },
  'scalequest-code.yaml': {
    roles: ['qwenGenerator', 'deepseekGenerator', 'solver', 'reward'],
    overrides: [
      ...[...GENERATE, ...JUDGE, ...SOLVE, VERIFY, 'target=2'],
      // The bundled model writes no tests; scalequestCode.test.ts runs them.
      ...['steps.writeTests.enabled=false', 'steps.runTests.enabled=false', 'steps.keepBest={}'],
    ],
    rows: 2,
  },
  'scalequest-longcot.yaml': {
    roles: ['generator', 'judge', 'reasoner'],
    overrides: [
      ...GENERATE,
      ...JUDGE,
      ...SOLVE,
      'steps.scoreDifficulty.n=3',
      'steps.scoreDifficulty.tokensMax=160',
      'target=2',
    ],
    rows: 2,
  },
  'difficulty.yaml': {
    roles: ['solver'],
    overrides: [
      'steps.respond.tokensMax=160',
      'steps.respond.n=4',
      'steps.rateFailures.gradedMin=2',
      'limit=4',
    ],
    rows: 4,
  },
  'evaluate.yaml': {
    roles: ['student'],
    overrides: ['steps.greedy.tokensMax=160', 'steps.sampled.tokensMax=160', 'steps.sampled.n=4', 'limit=4'],
    rows: 4,
  },
  'qft.yaml': { roles: [], overrides: ['limit=10'], rows: 8 },
  'instructions.yaml': {
    roles: ['chat'],
    overrides: [
      ...GENERATE,
      'steps.answer.tokensMax=160',
      'steps.followUp.tokensMax=128',
      'steps.answerAgain.tokensMax=160',
      'target=2',
    ],
    rows: 2,
  },
};

/** Of pipelines in which the bundled model can play no role: what a scripted one writes for a prompt. */
const SCRIPTED: Record<string, (text: string, seq: number) => string> = {
  'sql.yaml': (text, seq) => {
    if (text.includes('Reply with JSON')) {
      const place = ['north', 'south', 'east', 'west'][seq % 4]!;
      const question = `How many books has the library in the ${place} of the town, and since when has it had them?`;
      return `\`\`\`json\n${JSON.stringify({ question, query: `SELECT ${seq}`, explanation: 'It counts.' })}\n\`\`\``;
    }
    return text.includes('Query:')
      ? 'It does. Yes'
      : 'CREATE TABLE books (id INTEGER PRIMARY KEY);\nCREATE TABLE loans (id INTEGER PRIMARY KEY);';
  },
  'instructions.yaml': (text, seq) =>
    text === '' ? `What is the ${seq}th prime number, and why is it prime?` : `Answer ${seq}`,
  'evolve.yaml': (text, seq) =>
    text.includes('Question:') ? `Harder ${'very '.repeat(seq)}question of ${seq}? Yes` : `Yes, ${seq}`,
};

let tiny: Model;

before(async () => {
  // Some of the runs begin with the same steps.
  tiny = answerOnce(await openTiny({ processes: 1 }));
});

after(() => tiny.close());

/** What a user must say of the files for real runs. */
const ENV = {
  QUESTIONS: 'benchmarks/sums.jsonl',
  BENCHMARK: 'benchmarks/sums.jsonl',
  PROBLEMS: 'benchmarks/programs.jsonl',
  RATED: '../runs/rated/shards',
  DOCUMENTS: '../test/pipelines/documents.jsonl',
};

function planOf(
  file: string,
  overrides: readonly string[],
  env: Record<string, string> = ENV,
): Promise<Plan> {
  return checkFile(
    join(PIPELINES_FOLDER, file),
    checkDeps(undefined, { env, isPending: (path) => path.endsWith(join('rated', 'shards')) }),
    overridesOf(...overrides),
  );
}

for (const [file, { roles, overrides, rows }] of Object.entries(CASES)) {
  test(`${file} runs on the bundled model`, async () => {
    const plan = await planOf(file, [...roles.map((role) => `models.${role}=${TINY}`), ...overrides]);
    const models = Object.fromEntries(roles.map((role) => [role, { ...tiny, name: role }]));
    const { totals, batches } = await runInMemory(plan, models);
    assert.equal(totals.kept, rows);
    for (const { name } of plan.columns)
      assert.ok(batches[0]!.schema.fields.some((field) => field.name === name));
  });
}

for (const [file, replyTo] of Object.entries(SCRIPTED)) {
  test(`${file} asks for what its steps read, and writes its columns`, async () => {
    const more = file === 'evolve.yaml' ? [] : ['target=2'];
    // sql.test.ts runs the queries.
    const without = file === 'sql.yaml' ? ['steps.runQuery.enabled=false'] : [];
    const plan = await planOf(file, ['limit=4', ...more, ...without]);
    const model = scriptedModel({ complete: (request) => [replyTo(messageText(request), request.seq)] });
    const models = Object.fromEntries(Object.keys(plan.models).map((name) => [name, { ...model, name }]));
    const { totals, batches } = await runInMemory(plan, models);
    assert.ok(totals.kept >= 2, JSON.stringify(totals));
    assert.deepEqual(
      plan.columns
        .map(({ name }) => name)
        .filter((name) => !batches[0]!.schema.fields.some((field) => field.name === name)),
      [],
    );
    // No prompt was written with a column that has no value.
    for (const request of model.completes) assert.doesNotMatch(messageText(request), /undefined|\bnull\b/);
  });
}

for (const [file, name] of [
  ['qft.yaml', 'QUESTIONS'],
  ['difficulty.yaml', 'QUESTIONS'],
  ['grounded.yaml', 'DOCUMENTS'],
  ['evaluate-code.yaml', 'PROBLEMS'],
  ['evaluate.yaml', 'BENCHMARK'],
  ['calibrate.yaml', 'RATED'],
] as const) {
  test(`${file} has no ${name} of its own: what is not said is a mistake, with its name and place`, async () => {
    const { [name]: _, ...others } = ENV;
    const place = `${file}:\\d+:\\d+: the environment variable ${name} is not set`;
    await assert.rejects(planOf(file, [], others), { message: new RegExp(place) });
    await assert.rejects(planOf(file, [], { ...ENV, [name]: '' }), /source\..*path: found ""/);
  });
}

/** What a solver's training reads, as a chat template makes one text of it. */
const chatText = (turns: readonly { role: string; content: string }[]): string =>
  turns.map(({ role, content }) => `<|im_start|>${role}\n${content}<|im_end|>\n`).join('');

for (const [file, prompt] of [
  ['scalequest-math.yaml', 'prompts/respond.txt'],
  ['scalequest-longcot.yaml', 'prompts/respond.txt'],
  ['scalequest-code.yaml', 'prompts/respondCode.txt'],
] as const) {
  test(`${file}: a student is trained on what evaluation asks it, and on whole responses`, async () => {
    const { settings, steps } = await planOf(file, []);
    const evaluation = await planOf('evaluate.yaml', [`steps.greedy.prompt=${prompt}`]);
    const student = scriptedModel({ complete: ({ n }) => Array<string>(n).fill('\\boxed{2}') }, 'student');
    await runInMemory(evaluation, { student });
    const { template } = evaluation.models['student'] as { template: TemplateConfig };
    const { message } = student.completes.find(({ seq }) => seq === 0)!;
    const [training] = settings.train;
    const convert = openExport(settings.exports[training!.export!]!);
    const first = JSON.parse(readTextFile(join(PIPELINES_FOLDER, ENV.BENCHMARK)).split('\n')[0]!) as object;
    const { prompt: asked } = convert({ ...first, response: 'r' }) as {
      prompt: Parameters<typeof chatText>[0];
    };
    assert.equal(`${chatText(asked)}<|im_start|>assistant\n`, resolveTemplate(template).promptText(message));
    // The other forms ask the same.
    const { messages } = openExport(settings.exports['chat']!)({ ...first, response: 'r' }) as {
      messages: object[];
    };
    assert.deepEqual(messages.slice(0, -1), asked);

    const tokensOf = (step: string): number =>
      (steps.find(({ label }) => label === step)!.parsed as { tokensMax: number }).tokensMax;
    const length = commandOf(training!, { folder: '/', run: '/r', own: '/o', name: 'n', seed: 0 });
    const lengthMax = Number(length[length.lastIndexOf('--max_length') + 1]);
    // Prompt and template have fewer than 100.
    assert.ok(lengthMax >= tokensOf('generate') + tokensOf('respond') + 100, `${lengthMax}`);
  });
}

/** `| without | sets |` of scalequest-math.yaml, or `| file | without | sets |`. */
const SWITCHES = readTextFile(join(PACKAGE_FOLDER, 'docs', 'method.md'))
  .split('\n')
  .filter((line) => /`(?:steps|train|exports)[.=]/.test(line) && line.startsWith('|'))
  .map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )
  .map(
    (cells) => (cells.length === 3 ? cells : ['scalequest-math.yaml', ...cells]) as [string, string, string],
  );

test('scalequest-math.yaml without a reward model keeps the first response, and its reward is null', async () => {
  const { roles, overrides } = CASES['scalequest-math.yaml']!;
  const plan = await planOf('scalequest-math.yaml', [
    ...roles.map((role) => `models.${role}=${TINY}`),
    ...overrides.filter((each) => each !== VERIFY),
    'steps.scoreReward.enabled=false',
  ]);
  const models = Object.fromEntries(roles.map((role) => [role, { ...tiny, name: role }]));
  const { batches } = await runInMemory(plan, models);
  const read = (name: string): unknown[] => batches.flatMap((batch) => columnValues(batch, name));
  const responses = read('responses') as string[][];
  assert.equal(responses.length, 2);
  assert.deepEqual(
    read('response'),
    responses.map(([first]) => first),
  );
  assert.deepEqual(read('reward'), [null, null]);
});

test('docs/method.md says how to switch off every step of the paper’s set', async () => {
  const { steps } = await planOf('scalequest-math.yaml', []);
  const named = SWITCHES.filter(([file]) => file === 'scalequest-math.yaml').map(([, , sets]) => sets);
  for (const { label } of steps.filter((step) => step.label !== 'generate'))
    assert.ok(
      named.some((sets) => sets.includes(`steps.${label}.enabled=false`)),
      label,
    );
});

for (const [file, without, sets] of SWITCHES) {
  test(`${file} without ${without} is without mistakes`, async () => {
    const overrides = [...sets.matchAll(/`([^`]+)`/g)].map(([, override]) => override!);
    const [whole, less] = [await planOf(file, []), await planOf(file, overrides)];
    const off = overrides.flatMap((each) => /^steps\.(\w+)\.enabled=false$/.exec(each)?.[1] ?? []);
    const labels = whole.steps.map(({ label }) => label);
    assert.deepEqual(
      less.steps.map(({ label }) => label),
      labels.filter((label) => !off.includes(label)),
    );
    // What is named is written or said to be left out; never both, never neither.
    const named = whole.columns.map(({ name }) => name);
    const written = less.columns.map(({ name }) => name);
    for (const name of named)
      if (whole.settings.output.columns)
        assert.notEqual(written.includes(name), less.omitted.columns.includes(name));
    for (const { export: exported } of less.settings.train)
      assert.ok(exported === undefined || exported in less.settings.exports);
    assert.notEqual(
      less.identity === whole.identity,
      overrides.some((each) => each.startsWith('steps.')),
    );
  });
}

test('calibrate.yaml gives the threshold for the share that the paper dropped of the questions it scored', async () => {
  const { steps } = await planOf('calibrate.yaml', []);
  const { dropShares } = steps.at(-1)!.parsed as { dropShares: number[] };
  // 9.2 % of all fell, of those that language (20.1 %) and judge (19.4 %) left, of one generator of two.
  const share = 0.092 / ((1 - 0.201 - 0.194) / 2);
  assert.ok(
    dropShares.some((each) => Math.abs(each - share) < 0.01),
    `${share}`,
  );
});

/** A chain of the others. */
const CHAIN = 'loop.yaml';

const FILES = readdirSync(PIPELINES_FOLDER).filter((name) => name.endsWith('.yaml') && name !== CHAIN);

for (const file of FILES) {
  test(`${file} is without mistakes as it is`, async () => {
    const plan = await planOf(file, []);
    assert.equal(`${plan.name}.yaml`, file);
  });
}

test(`${CHAIN} is without mistakes, and every link's pipeline with what the links before would give`, async () => {
  const deps = { env: ENV, readText: readTextFile, exists: existsSync };
  const chain = checkChain(join(PIPELINES_FOLDER, CHAIN), deps);
  const given = new Map<string, string>();
  for (const link of chain.links) {
    const plan = await checkFile(
      join(PIPELINES_FOLDER, link.pipeline!),
      checkDeps(undefined, { env: ENV }),
      linkOverrides(link, given),
    );
    if (link.name === 'synthesis') {
      const { parsed } = plan.steps.find(({ label }) => label === 'decontaminate')!;
      assert.deepEqual((parsed as { benchmarks: object }).benchmarks, [
        { path: ENV.BENCHMARK, column: 'question' },
      ]);
    }
    given.set(`${link.name}.run`, `/runs/${link.name}`);
    if (plan.settings.train.length > 0) given.set(`${link.name}.model`, `trained/${link.name}`);
  }
  assert.deepEqual(
    [...given.keys()],
    [
      ...['qft.run', 'qft.model', 'qpo.run', 'qpo.model'],
      ...['synthesis.run', 'synthesis.model', 'evaluation.run'],
    ],
  );
});

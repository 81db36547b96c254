import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { operatorsPlace } from '../../../src/pipeline/check/readOperators.js';
import { THREE_OPERATORS, folderOf, operatorFolder } from '../../helpers/runs/operatorFolder.js';
import { checkText, problemsOf } from '../../helpers/runs/pipelineWorld.js';
import { GENERATE } from '../../helpers/texts/checkCases.js';

/** `check` and `plan` load no module; a run does. */
const LOOKING = { loadsModules: false };
const NAMES = 'abcdefgh';

function textWith(operators: readonly string[], ...steps: string[]): string {
  return [
    'name: named',
    'limit: 8',
    'models: { tiny: { llamaCpp: { path: ../models/tiny.gguf } }, other: { llamaCpp: { path: ../models/tiny.gguf } } }',
    'operators:',
    ...operators.map((each) => `  - ${JSON.stringify(each)}`),
    'steps:',
    ...[GENERATE, ...steps].map((step) => `  - ${step}`),
    '',
  ].join('\n');
}

const executed = (): number => (globalThis as { executedOperators?: number }).executedOperators ?? 0;

const FOLDER = await operatorFolder();
const MANIFEST = join(FOLDER, 'scalequest.json');
const STEPS = ['shout: { column: question }', 'rate: { model: tiny }', 'count: {}'];

test('steps of a folder: without executing it columns, models and options are known; a run comes to the same identity', async () => {
  const before = executed();
  const text = textWith([FOLDER], ...STEPS);
  const looked = await checkText(text, [], LOOKING);
  assert.equal(executed(), before);
  assert.deepEqual(
    looked.columns.map(({ name }) => name),
    ['seq', 'question', 'generator', 'loud', 'rated', 'number'],
  );
  assert.deepEqual(looked.undeclared, []);
  assert.deepEqual(
    looked.steps.map(({ spec }) => [spec.name, spec.isRowwise ?? false, spec.origin?.isLoaded]),
    [
      ['generate', true, undefined],
      ['shout', true, false],
      ['rate', true, false],
      ['count', false, false],
    ],
  );
  const planned = await checkText(text);
  assert.ok(planned.steps.slice(1).every(({ spec }) => spec.origin!.isLoaded));
  assert.deepEqual([planned.identity, planned.stepFingerprints], [looked.identity, looked.stepFingerprints]);
  // Unlike `custom`, they do not end what is cached.
  assert.equal(planned.stepFingerprints.length, 4);
});

const WRONG: [step: string, place: string, key: string, message: RegExp][] = [
  [
    'shout: { column: question, tims: 2 }',
    '8:32',
    'steps.1.shout.tims',
    /unknown key; did you mean "times"\?/,
  ],
  [
    'shout: { column: question, times: two }',
    '8:39',
    'steps.1.shout.times',
    /found "two", expected a whole number/,
  ],
  ['shout: { column: question, times: 10 }', '8:39', 'steps.1.shout.times', /found 10, expected at most 9/],
  ['shout: {}', '8:12', 'steps.1.shout.column', /found nothing, expected a string/],
  [
    'shout: { column: question, into: seq }',
    '8:38',
    'steps.1.shout.into',
    /found "seq", expected another column/,
  ],
  [
    'rate: { model: tinny }',
    '8:20',
    'steps.1.rate.model',
    /no model is called "tinny"; did you mean "tiny"\?/,
  ],
  [
    'shuot: { column: question }',
    '8:5',
    'steps.1.shuot',
    /no operator is called "shuot"; did you mean "shout"\?/,
  ],
  [
    'shout: { column: qestion }',
    '8:5',
    'steps.1.shout',
    /reads the column "qestion", which no step before it writes/,
  ],
  ['count: { some: 1 }', '8:14', 'steps.1.count.some', /unknown key; none is allowed here/],
];

for (const [step, place, key, message] of WRONG)
  for (const loadsModules of [false, true])
    test(`one mistake in \`${step}\`, ${loadsModules ? 'at a run' : 'without executing code'}`, async () => {
      const problems = await problemsOf(textWith([FOLDER], step), { loadsModules });
      assert.deepEqual(
        problems.map(({ at }) => [`${at!.line}:${at!.column}`, at!.key]),
        [[place, key]],
      );
      assert.match(problems[0]!.message, message);
    });

test('what a step switched off would write is known, and its code is not executed', async () => {
  const before = executed();
  const folder = await operatorFolder(`${THREE_OPERATORS}// ${NAMES}`);
  const described = executed();
  const off = '{ enabled: false, shout: { column: question } }';
  const { steps } = await checkText(textWith([folder], off));
  assert.deepEqual([steps.length, executed(), described - before], [1, described, 1]);
});

type Entry = [why: string, operators: (folder: string) => string[], message: RegExp];

const UNFIT: Entry[] = [
  [
    'a folder that is not there',
    () => ['./nowhere'],
    /:5:5 operators\.0: \.\/nowhere: .*nowhere is not there, expected a folder or a module/,
  ],
  [
    'a package that is not installed',
    () => ['no-such-package'],
    /no package is installed under this name; expected a folder or a module whose path begins/,
  ],
  ['an address', () => ['data:text/javascript,1'], /expected a folder or a module whose path begins with/],
  ['a module of Node', () => ['node:fs'], /expected a folder or a module/],
  ['a URL of a file', () => ['file:///own.mjs'], /expected a folder or a module/],
  [
    'a folder without a manifest',
    () => [folderOf({ 'index.mjs': '' })],
    /it has no manifest, expected .*scalequest\.json.*npx scalequest describe/,
  ],
  [
    'a module without a manifest',
    () => [join(folderOf({ 'own.mjs': '' }), 'own.mjs')],
    /expected .*own\.scalequest\.json/,
  ],
  [
    'a manifest that is none',
    () => [folderOf({ 'scalequest.json': '{}' })],
    /it is no manifest of operators/,
  ],
  [
    'a manifest without its module',
    (folder) => [folderOf({ 'scalequest.json': readFileSync(join(folder, 'scalequest.json'), 'utf8') })],
    /its module .*index\.mjs is not there; build it/,
  ],
  [
    'a name of a step of ours',
    (folder) => [renamed(folder, '"shout"', '"respond"')],
    /has an operator called "respond", as a step that comes with scalequest; give its step another name: \{ from: .*, as: \{ respond: … \} \}/,
  ],
  [
    'two folders with one name',
    (folder) => [folder, `${folder}/../${folder.split('/').at(-1)!}`],
    /:6:5 operators\.1: .* has an operator called "count", as .* has; give its step another name/,
  ],
  [
    'another version of ours',
    (folder) => [renamed(folder, '"scalequest": "0.1.0"', '"scalequest": "9.1.0"')],
    /it was written for scalequest 9\.1\.0, and this is 0\.1\.0; write it: npx scalequest describe/,
  ],
];

/** A folder like another one, with other words in its manifest. */
function renamed(folder: string, found: string, other: string): string {
  const manifest = readFileSync(join(folder, 'scalequest.json'), 'utf8');
  const changed = manifest.replace(found, other);
  assert.notEqual(changed, manifest);
  return folderOf({ 'index.mjs': THREE_OPERATORS, 'scalequest.json': changed });
}

for (const [why, operators, message] of UNFIT)
  test(`ERR_OPERATOR_LOAD, once: ${why}`, async () => {
    const [found] = await problemsOf(textWith(operators(FOLDER), 'shout: { column: question }'), LOOKING);
    assert.equal(found!.code, 'ERR_OPERATOR_LOAD');
    assert.match(found!.message, message);
  });

test('an entry that cannot be read is told alone: a step may be of it', async () => {
  const problems = await problemsOf(textWith(['./nowhere'], 'shout: { column: question }'), LOOKING);
  assert.equal(problems.length, 1);
});

test('an entry may give its operators other names: two of one name, or one of ours', async () => {
  const other = renamed(FOLDER, '"shout"', '"respond"');
  const text = textWith(
    [FOLDER],
    'shout: { column: question }',
    'yell: { column: question, into: b }',
    'answer: { column: question, into: c }',
  )
    .replace(
      'operators:',
      `operators:\n  - { from: ${JSON.stringify(other)}, as: { respond: answer, rate: rate2, count: count2 } }`,
    )
    .replace(
      'steps:',
      `  - { from: ${JSON.stringify(await operatorFolder())}, as: { shout: yell, rate: rate3, count: count3 } }\nsteps:`,
    );
  const { steps, columns } = await checkText(text, [], LOOKING);
  assert.deepEqual(
    steps.map(({ label }) => label),
    ['generate', 'shout', 'yell', 'answer'],
  );
  assert.deepEqual(
    columns.slice(-3).map(({ name }) => name),
    ['loud', 'b', 'c'],
  );
  const yell = text.replace(/ {2}- \{ from.*respond: answer.*\n/, '').replace(/ {2}- answer.*\n/, '');
  const loaded = await checkText(yell);
  assert.deepEqual([loaded.steps[2]!.spec.name, loaded.steps[2]!.spec.origin!.isLoaded], ['yell', true]);
  const gone = await problemsOf(text.replace('shout: yell', 'shuot: yell'), LOOKING);
  assert.match(gone[0]!.message, /as\.shuot: it has no operator of this name; did you mean "shout"\?/);
  const label = await problemsOf(text.replace('shout: yell', 'shout: label'), LOOKING);
  assert.match(label[0]!.message, /as\.shout: found "label", expected another name/);
});

test('what is no entry is told alone', async () => {
  const [found] = await problemsOf(textWith([]).replace('operators:', 'operators: [{ shout: {} }]'));
  assert.match(found!.message, /operators\.0: found .*, expected a path, the name of a package, or/);
});

const AT_A_RUN: [why: string, text: string, message: RegExp][] = [
  [
    'code that throws',
    `${THREE_OPERATORS}\nif (globalThis.isLater) throw new Error('no licence');`,
    /index\.mjs cannot be imported: no licence/,
  ],
  [
    'an operator that is gone',
    THREE_OPERATORS.replace('export const shout', 'const shout'),
    /exports no "shout"; it exports count, rate/,
  ],
  [
    'a column that it writes otherwise',
    THREE_OPERATORS.replace("name: '$into'", "name: 'loud'"),
    /its manifest is not what its code says, at operators\.shout\.writes\.0\.name; write it: npx scalequest describe/,
  ],
  [
    'an option more',
    THREE_OPERATORS.replace('times: {', "more: { type: 'string' }, times: {"),
    /at operators\.shout\.options\.properties\.more/,
  ],
];

for (const [why, text, message] of AT_A_RUN)
  test(`what a run alone finds, told once and at the entry: ${why}`, async () => {
    const folder = folderOf({ 'index.mjs': text, 'scalequest.json': readFileSync(MANIFEST, 'utf8') });
    const file = textWith(
      [folder],
      'shout: { column: question }',
      '{ label: again, shout: { column: question, into: b } }',
    );
    await checkText(file, [], LOOKING);
    (globalThis as { isLater?: boolean }).isLater = true;
    const problems = await problemsOf(file);
    delete (globalThis as { isLater?: boolean }).isLater;
    assert.deepEqual(
      problems.map(({ at, code }) => [at!.line, at!.key, code]),
      [[5, 'operators.0', 'ERR_OPERATOR_LOAD']],
    );
    assert.match(problems[0]!.message, message);
  });

test('other code is another identity, and other cached results', async () => {
  const folder = await operatorFolder();
  const text = textWith([folder], ...STEPS);
  const one = await checkText(text, [], LOOKING);
  writeFileSync(join(folder, 'index.mjs'), THREE_OPERATORS.replace('.join(', '.concat().join('));
  const other = await checkText(text, [], LOOKING);
  assert.notEqual(one.identity, other.identity);
  assert.deepEqual(
    one.stepFingerprints.map((each, at) => each === other.stepFingerprints[at]),
    [true, false, false, false],
  );
});

test('code that changes after this process has loaded it is refused: Node would run what it was', async () => {
  const folder = await operatorFolder();
  const text = textWith([folder], ...STEPS);
  await checkText(text);
  await checkText(text);
  writeFileSync(join(folder, 'index.mjs'), THREE_OPERATORS.replace('.join(', '.concat().join('));
  await checkText(text, [], LOOKING);
  const [found] = await problemsOf(text);
  assert.match(found!.message, /its code has changed since this process loaded it.*start the process anew/);
});

test('an installed package is found from the pipeline’s folder upwards, also behind a link', () => {
  const project = folderOf({ 'pipelines/p.yaml': '', 'store/ops/package.json': '{}' });
  mkdirSync(join(project, 'node_modules', '@own'), { recursive: true });
  symlinkSync(join(project, 'store', 'ops'), join(project, 'node_modules', '@own', 'ops'));
  const exists = (path: string): boolean => path.startsWith(join(project, 'node_modules', '@own', 'ops'));
  const at = join(project, 'node_modules', '@own', 'ops');
  const folder = join(project, 'pipelines');
  assert.deepEqual(operatorsPlace('@own/ops', folder, { exists }), {
    manifest: join(at, 'scalequest.json'),
    folder: at,
    module: null,
  });
  assert.equal(
    operatorsPlace('@own/ops/words', folder, { exists }).manifest,
    join(at, 'words', 'scalequest.json'),
  );
  rmSync(project, { recursive: true });
});

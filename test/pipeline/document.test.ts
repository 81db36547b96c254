import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ScaleQuestError } from '../../src/errors.js';
import { isRecord, parsePipelineDocument } from '../../src/pipeline/document.js';
import { overridesOf } from '../helpers/runs/pipelineWorld.js';

const FILE = 'p.yaml';

function valueOf(text: string, env: Record<string, string> = {}, ...overrides: string[]): unknown {
  return parsePipelineDocument(FILE, text, env, overridesOf(...overrides)).value;
}

const ENV: [text: string, env: Record<string, string>, value: unknown][] = [
  ['a: ${HOST}', { HOST: 'h1' }, { a: 'h1' }],
  ['a: http://${HOST}:${PORT:-80}/v1', { HOST: 'h1' }, { a: 'http://h1:80/v1' }],
  ['a: ${HOST:-}', {}, { a: '' }],
  ['a: ${HOST:-x}', { HOST: '' }, { a: '' }],
  ['a: $HOST and {HOST}', { HOST: 'h1' }, { a: '$HOST and {HOST}' }],
  ['a: [x, "${HOST}"]', { HOST: 'h1' }, { a: ['x', 'h1'] }],
  ['a: ${1X}', {}, { a: '${1X}' }],
  ['a: ${HOST}', { HOST: '${OTHER}' }, { a: '${OTHER}' }],
];

for (const [text, env, value] of ENV) {
  test(`${text} with ${JSON.stringify(env)}`, () => {
    assert.deepEqual(valueOf(text, env), value);
  });
}

test('every variable that is not set is named', () => {
  const { unset } = parsePipelineDocument(FILE, 'a: ${A}\nb: ${B} ${C:-c}', {});
  assert.equal(unset.length, 2);
  assert.match(unset[0]!.message, /^p\.yaml:1:4: .*A is not set/);
  assert.match(unset[1]!.message, /^p\.yaml:2:4: .*B is not set/);
});

const OVERRIDES: [text: string, override: string, value: unknown][] = [
  ['limit: 5', 'limit=8', { limit: 8 }],
  ['limit: 5', 'target=3', { limit: 5, target: 3 }],
  ['name: x', 'source.windowRows=64', { name: 'x', source: { windowRows: 64 } }],
  ['a: [{ b: 1 }, { b: 2 }]', 'a.1.b=7', { a: [{ b: 1 }, { b: 7 }] }],
  ['a: 1', 'a=null', { a: null }],
  ['a: 1\nb: 2', 'a=', { b: 2 }],
  ['a: { b: 1, c: 2 }', 'a.b= ', { a: { c: 2 } }],
  ['a: 1', 'b=', { a: 1 }],
  ['a: 1', 'a={ b: [x, 2] }', { a: { b: ['x', 2] } }],
  ['a: 1', 'b=x=y', { a: 1, b: 'x=y' }],
  ['1: a', '1=b', { 1: 'b' }],
];

for (const [text, override, value] of OVERRIDES) {
  test(`${text} with --set ${override}`, () => {
    assert.deepEqual(valueOf(text, {}, override), value);
  });
}

test('overrides apply in order, and may use the environment', () => {
  assert.deepEqual(valueOf('a: 1', { X: 'x' }, 'a=2', 'a=${X}'), { a: 'x' });
});

const WRONG: [text: string, override: string, message: RegExp][] = [
  ['name: x', 'name.first=1', /^--set name\.first=1: Expected YAML collection at name/],
  ['a: [1, 2]', 'a.2=3', /^--set a\.2=3: found 2, expected a position from 0 to 1$/],
  ['a: [1, 2]', 'a.first=3', /found first, expected a position from 0 to 1/],
  ['a: 1', 'a=[1', /^--set a=\[1: /],
];

for (const [text, override, message] of WRONG) {
  test(`--set ${override} cannot be understood`, () => {
    assert.throws(
      () => valueOf(text, {}, override),
      (error) =>
        error instanceof ScaleQuestError && error.code === 'ERR_USAGE' && message.test(error.message),
    );
  });
}

test('the text kept with a run has the overrides but not what the environment holds', () => {
  const text = '# why\na: ${SECRET}\nb: 1\n';
  const env = { SECRET: 'hush' };
  assert.equal(parsePipelineDocument(FILE, text, env).text, text);
  const changed = parsePipelineDocument(FILE, text, env, overridesOf('b=2'));
  assert.equal(changed.text, '# why\na: ${SECRET}\nb: 2\n');
  assert.deepEqual(changed.value, { a: 'hush', b: 2 });
});

test('positions are those of values, keys, or of the nearest parent that is there', () => {
  const document = parsePipelineDocument(FILE, 'a:\n  - b: 1\n    c: { d: 2 }\n', {});
  assert.deepEqual(document.at(['a', 0, 'c', 'd']), { file: FILE, line: 3, column: 13, key: 'a.0.c.d' });
  assert.deepEqual(document.atKey(['a', 0, 'c']), { file: FILE, line: 3, column: 5, key: 'a.0.c' });
  assert.deepEqual(document.at(['a', 0, 'x', 'y']), { file: FILE, line: 2, column: 5, key: 'a.0.x.y' });
  assert.deepEqual(document.at([]), { file: FILE, line: 1, column: 1, key: undefined });
});

const STEPS = `steps:
  - generate: { tokensMax: 1 }
  - { respond: { n: 1 }, label: first }
  - respond: { n: 2 }
`;

const NAMED: [path: string, value: string, found: (steps: unknown) => unknown][] = [
  ['steps.generate.tokensMax', '9', (steps) => (steps as any)[0].generate.tokensMax],
  ['steps.first.n', '9', (steps) => (steps as any)[1].respond.n],
  ['steps.0.generate.tokensMax', '9', (steps) => (steps as any)[0].generate.tokensMax],
  ['steps.generate.enabled', '9', (steps) => (steps as any)[0].enabled],
  ['steps.first.label', '9', (steps) => (steps as any)[1].label],
];

for (const [path, value, found] of NAMED) {
  test(`--set ${path} finds the step by its name`, () => {
    const overrides = [{ path: path.split('.'), value }];
    const { value: read } = parsePipelineDocument('x.yaml', STEPS, {}, overrides);
    assert.equal(found((read as { steps: unknown }).steps), 9);
  });
}

test('--set with the name of no step says which there are', () => {
  assert.throws(
    () => parsePipelineDocument('x.yaml', STEPS, {}, [{ path: ['steps', 'judge', 'n'], value: '1' }]),
    {
      code: 'ERR_USAGE',
      message: /found judge, expected a position from 0 to 2, or one of: generate, first, respond/,
    },
  );
});

test('what the command line has set is told at its own place, the rest at the file’s', () => {
  const set = overridesOf('target=5', 'steps.0.respond.n=0', 'target=x', 'new={ a: 1 }');
  const { at, atKey } = parsePipelineDocument(
    FILE,
    'target: 1\nsteps: [{ respond: { n: 4, tokensMax: 9 } }]',
    {},
    set,
  );
  assert.deepEqual(at(['target']), { file: '--set target=x', key: 'target' });
  assert.deepEqual(at(['steps', 0, 'respond', 'n']), {
    file: '--set steps.0.respond.n=0',
    key: 'steps.0.respond.n',
  });
  assert.deepEqual(atKey(['new', 'a']), { file: '--set new={ a: 1 }', key: 'new.a' });
  assert.equal(at(['steps', 0, 'respond', 'tokensMax']).file, FILE);
  assert.equal(at(['steps', 0]).line, 2);
});

test('a variable that is not set is told where the command line names it', () => {
  const { unset } = parsePipelineDocument(FILE, 'a: 1', {}, overridesOf('b=${NOT_SET}'));
  assert.match(unset[0]!.message, /^--set b=\$\{NOT_SET\}: the environment variable NOT_SET is not set/);
});

test('a mapping is told from a list, from nothing and from what is written in one word', () => {
  assert.deepEqual([{}, { a: 1 }, [], [1], null, undefined, 'a', 1].map(isRecord), [
    ...[true, true],
    ...[false, false, false, false, false, false],
  ]);
});

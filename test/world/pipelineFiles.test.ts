import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PipelineProblems, ScaleQuestError } from '../../src/errors.js';
import { checkChain } from '../../src/pipeline/chain.js';
import { problemsOf } from '../helpers/runs/pipelineWorld.js';

/** Pipeline files as people and attackers write them: each is refused with its place, and none ends in an exception of a library. */

const SOUND = [
  'name: world',
  'limit: 2',
  'models:',
  '  m: { openai: { replicas: ["http://127.0.0.1:9/v1"], model: x } }',
  'steps:',
  '  - generate: { generators: [{ model: m }] }',
];

/** The sound file with other lines: number → line; a number beyond the end adds one. */
function withLines(lines: Record<number, string>): string {
  const text = [...SOUND];
  for (const [number, line] of Object.entries(lines)) text[Number(number) - 1] = line;
  return text.join('\n');
}

function many(count: number, line: (at: number) => string): string {
  return Array.from({ length: count }, (_, at) => line(at)).join('\n');
}

const BOMB = [
  'a0: &a0 [x, x, x, x, x, x, x, x, x, x]',
  ...Array.from(
    { length: 9 },
    (_, at) => `a${at + 1}: &a${at + 1} [${Array(10).fill(`*a${at}`).join(', ')}]`,
  ),
].join('\n');

const RESPOND = '  - respond: { model: m, ';

/** In line 1, where the stack came to its end: other work of the process moves that. */
const SOMEWHERE = /^1:[1-9]\d{2,}$/;

const CASES: [why: string, text: string, place: string | RegExp, message: RegExp][] = [
  ['a word', 'generate questions', '1:1', /found "generate questions", expected a map of keys/],
  ['a number', '42', '1:1', /found 42, expected a map/],
  ['nothing', '\n\n', '1:1', /found nothing, expected a map/],
  ['a comment alone', '# later\n', '1:1', /found nothing, expected a map/],
  ['null', '~', '1:1', /found nothing, expected a map/],
  ['a list', '- generate: {}\n- respond: {}\n', '1:1', /found \[\{"generate":\{\}\}.*expected a map/],
  ['JSON Lines', '{"question": "a"}\n{"question": "b"}\n', '2:1', /expected valid YAML/],
  [
    'two documents',
    `${SOUND.join('\n')}\n---\nname: second\n`,
    '7:1',
    /a second document begins here \(---\)/,
  ],
  [
    'an alias without an anchor',
    withLines({ 4: '  m: *server' }),
    '4:6',
    /no anchor before it is called &server/,
  ],
  [
    'a misspelt alias',
    withLines({ 4: '  a: &served { x: 1 }\n  m: *serverd' }),
    '5:6',
    /no anchor before it is called &serverd; did you mean "served"/,
  ],
  [
    'an alias before its anchor',
    withLines({ 1: 'name: *n\nsummary: &n x' }),
    '1:7',
    /no anchor before it is called &n/,
  ],
  [
    'an alias to itself',
    withLines({ 4: '  m: &m { openai: { replicas: [*m] } }' }),
    '4:32',
    /would never end/,
  ],
  [
    'aliases that stand for millions',
    BOMB,
    '1:1',
    /its aliases stand for \d+ values, expected at most 50000/,
  ],
  [
    'a hundred aliases more than enough',
    `a: &a 1\nb: [${Array(101).fill('*a').join(', ')}]`,
    '2:405',
    /more than 100 aliases/,
  ],
  [
    'a merge key',
    withLines({ 4: '  m: { <<: { openai: {} } }' }),
    '4:8',
    /the merge key <<, which YAML 1\.2 does not have/,
  ],
  ['a list as a key', withLines({ 2: '[limit]: 2' }), '2:1', /found a list, a map or an alias as a key/],
  ['a key that is missing', withLines({ 2: ': 2' }), '2:1', /found no key before the colon/],
  ['a key twice', withLines({ 2: 'limit: 2\nlimit: 3' }), '3:1', /this key stands twice in one map/],
  [
    'a model called __proto__',
    withLines({ 4: '  __proto__: { openai: {} }' }),
    '4:3',
    /the key __proto__, which nothing may be called/,
  ],
  [
    'a model called constructor',
    withLines({ 6: '  - generate: { generators: [{ model: constructor }] }' }),
    '6:39',
    /no model is called "constructor"/,
  ],
  [
    'a model called toString in a step with a bound',
    withLines({ 7: `  - respond: { model: toString, tokensMax: 9 }` }),
    '7:23',
    /no model is called "toString"/,
  ],
  [
    'a training on an export called valueOf',
    withLines({ 7: 'train: [{ command: [x], export: valueOf }]' }),
    '7:33',
    /no export is called "valueOf"/,
  ],
  ['a tab as indentation', withLines({ 4: '\tm: {}' }), '4:1', /a tab is no indentation in YAML; use spaces/],
  [
    'a variable without quotes in braces',
    withLines({ 4: '  m: { openai: { model: ${MODEL} } }' }),
    '4:26',
    /a text with \$\{NAME\} needs quotes/,
  ],
  [
    'a variable without quotes in brackets',
    withLines({ 4: '  m: { openai: { replicas: [${URL}] } }' }),
    '4:30',
    /a text with \$\{NAME\} needs quotes/,
  ],
  [
    'a tag',
    withLines({ 1: 'name: !!binary d29ybGQ=' }),
    '1:16',
    /found the tag !!binary, expected a plain value/,
  ],
  [
    'a tag of a program',
    withLines({ 1: 'name: !!js/function "function () {}"' }),
    '1:21',
    /found the tag !!js\/function/,
  ],
  [
    'a directive',
    `%YAML 1.1\n---\n${SOUND.join('\n')}`,
    '1:1',
    /found the directive %YAML 1\.1, expected YAML 1\.2/,
  ],
  ['a NUL', withLines({ 2: 'limit: 2\0' }), '2', /found the character U\+0000/],
  ['a second byte order mark', withLines({ 1: 'name: \ufeffworld' }), '1', /found the character U\+FEFF/],
  [
    'deep lists',
    withLines({ 2: `limit: ${'['.repeat(100)}${']'.repeat(100)}` }),
    '2:72',
    /nested more than 64 deep/,
  ],
  ['lists deeper than a stack', '['.repeat(9000), SOMEWHERE, /nested too deeply|expected valid YAML/],
  [
    'lists that the library’s own guard ends',
    `x: ${'['.repeat(5000)}${']'.repeat(5000)}`,
    SOMEWHERE,
    /nested too deeply/,
  ],
  ['dashes deeper than a stack', '- '.repeat(9000), SOMEWHERE, /./],
  [
    'a number with an underscore',
    withLines({ 2: 'limit: 1_000' }),
    '2:8',
    /found "1_000", expected a number; write 1000,/,
  ],
  ['a number in quotes', withLines({ 2: 'limit: "5"' }), '2:8', /expected a number; write 5, without quotes/],
  ['no number', withLines({ 2: 'limit: .nan' }), '2:8', /found NaN, expected/],
  ['an endless number', withLines({ 2: 'limit: .inf' }), '2:8', /found Infinity, expected/],
  ['a date', withLines({ 2: 'limit: 2026-01-01' }), '2:8', /found "2026-01-01", expected a number/],
  [
    'yes',
    withLines({ 7: '  - { enabled: yes, respond: { model: m } }' }),
    '7:16',
    /found "yes", expected a boolean; write true,/,
  ],
  [
    'off',
    withLines({ 7: '  - { enabled: off, respond: { model: m } }' }),
    '7:16',
    /found "off", expected a boolean; write false,/,
  ],
  [
    'a bound that no reward reaches',
    withLines({
      7: '  - respond: { model: m }\n  - scoreReward: { model: m }\n  - keepBest: { rewardMin: 5 }',
    }),
    '9:28',
    /found a rewardMin of 5, .* from 0 to 1/,
  ],
  ['an escape in a key', withLines({ 2: '"\\e[31mlimit": 2' }), '2:1', /^[^\x1b]*unknown key/],
  [
    'a control character of eight bits in a key',
    withLines({ 2: '"x\\x85y": 2' }),
    '2:1',
    /x\\x85y: unknown key/,
  ],
  ['a very long key', withLines({ 2: `${'x'.repeat(1000)}: 2` }), '2:1', /^[^\n]{0,900}unknown key/],
  ...(
    [
      ['max_tokens', 'tokensMax'],
      ['maxTokens', 'tokensMax'],
      ['max_new_tokens', 'tokensMax'],
      ['top_p', 'topP'],
      ['n_samples', 'n'],
      ['num_return_sequences', 'n'],
      ['temp', 'temperature'],
    ] as const
  ).map(([word, key]): [string, string, string, RegExp] => [
    `${word} of other programs`,
    withLines({ 7: `${RESPOND}${word}: 1 }` }),
    '7:26',
    new RegExp(`unknown key; did you mean "${key}"`),
  ]),
  ...(
    [
      ['api_key', 'apiKeyEnv'],
      ['base_url', 'replicas'],
      ['timeout', 'timeoutMs'],
      ['max_retries', 'retriesMax'],
      ['concurrency', 'requestsInFlightMax'],
    ] as const
  ).map(([word, key]): [string, string, string, RegExp] => [
    `${word} of other programs`,
    withLines({ 4: `  m: { openai: { replicas: ["http://127.0.0.1:9/v1"], model: x, ${word}: 1 } }` }),
    '4:65',
    new RegExp(`unknown key; did you mean "${key}"`),
  ]),
];

for (const [why, text, place, message] of CASES)
  test(`${why} at ${place}`, async () => {
    const [first] = await problemsOf(text);
    assert.match(first!.message, message);
    assert.match(first!.code, /^ERR_PIPELINE_/);
    const { line, column } = first!.at!;
    const found = column === undefined ? `${line}` : `${line}:${column}`;
    if (typeof place === 'string') assert.equal(found, place);
    else assert.match(found, place);
  });

/** CPU that a check may take for a file of up to a megabyte; the machine may be slow and busy. */
const CPU_MS_MAX = 250;

/** The least CPU of several checks: the first ones pay for what Node compiles. */
async function leastOf(
  times: number,
  check: () => Promise<readonly ScaleQuestError[]>,
): Promise<{ problems: readonly ScaleQuestError[]; cpuMs: number }> {
  let [problems, cpuMs] = [await check(), Infinity];
  for (let time = 0; time < times; time++) {
    const before = process.cpuUsage();
    problems = await check();
    const { user, system } = process.cpuUsage(before);
    cpuMs = Math.min(cpuMs, (user + system) / 1000);
  }
  return { problems, cpuMs };
}

const LARGE: [why: string, text: string, message: RegExp][] = [
  [
    '20,000 unknown keys',
    withLines({ 7: many(20_000, (at) => `key${at}: ${at}`) }),
    /more than 20000 words and marks/,
  ],
  ['2,500 unknown keys', withLines({ 7: many(2500, (at) => `key${at}: ${at}`) }), /unknown key/],
  ['a megabyte of quotes', '"'.repeat(1_000_000), /more than 20000 words/],
  ['a megabyte of lines', '\n'.repeat(1_000_000), /more than 20000 words/],
  ['a megabyte of one word', withLines({ 1: `name: ${'x'.repeat(1_000_000)}` }), /found "xxx/],
  [
    'a megabyte of beginnings of variables',
    withLines({ 1: `name: "${'${A:-'.repeat(160_000)}"` }),
    /found "/,
  ],
  ['more than a megabyte', withLines({ 1: `name: ${'x'.repeat(1_100_000)}` }), /expected at most 1048576/],
  [
    '600 steps of unknown operators',
    `${SOUND.slice(0, 5).join('\n')}\n${many(600, (at) => `  - op${at}: { a: 1 }`)}`,
    /no operator/,
  ],
];

for (const [why, text, message] of LARGE)
  test(`${why}: told at once, and not for pages`, async () => {
    const { problems, cpuMs } = await leastOf(3, () => problemsOf(text));
    assert.match(problems.map((each) => each.message).join('\n'), message);
    assert.ok(problems.length <= 100);
    assert.ok(problems.reduce((sum, each) => sum + each.message.length, 0) < 50_000);
    assert.ok(cpuMs < CPU_MS_MAX, `${cpuMs} ms`);
  });

test('a variable that is not set hides no other mistake, and brings none of its own', async () => {
  const text = withLines({
    1: 'name: "${NAME_UNSET}"',
    2: 'limit: 0',
    4: '  m: { openai: { replicas: ["http://${HOST_UNSET}/v1"], model: x } }',
  });
  const problems = await problemsOf(text);
  assert.deepEqual(
    problems.map(({ at }) => at!.line),
    [1, 4, 2],
  );
});

test('names that every object inherits are no variables of the environment', async () => {
  const [first] = await problemsOf(withLines({ 1: 'name: "${constructor}"' }), { env: {} });
  assert.match(first!.message, /the environment variable constructor is not set/);
});

const CHAINS: [why: string, text: string, message: RegExp][] = [
  ['a word', 'links', /found "links", expected a map of keys/],
  ['an alias', 'name: c\nlinks: *l', /no anchor before it is called &l/],
  [
    'a link called __proto__',
    'name: c\nlinks: [{ name: l, pipeline: p, set: { __proto__: 1 } }]',
    /the key __proto__/,
  ],
  [
    'what links never give',
    'name: c\nlinks: [{ name: l, command: [x, "{{ output }}", "{{ a.toString }}"] }]',
    /no link before l gives/,
  ],
];

for (const [why, text, message] of CHAINS)
  test(`a chain: ${why}`, () => {
    const deps = { env: {}, readText: () => text, exists: () => true };
    assert.throws(
      () => checkChain('chain.yaml', deps),
      (error) =>
        error instanceof PipelineProblems && error instanceof ScaleQuestError && message.test(error.message),
    );
  });

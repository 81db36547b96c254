import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type KeepBestOptions, keepBest } from '../../src/operators/keepBest.js';
import { type Input, contextOf, lostTexts, runOperator } from '../helpers/runs/runOperator.js';

async function best(responses: string[], rewards: number[], options: KeepBestOptions = {}) {
  return runOperator(keepBest(options, contextOf()), {
    columns: { responses: 'list<string>', rewards: 'list<float64>' },
    rows: [{ responses, rewards }],
  });
}

const boxed = (answer: string): string => `so \\boxed{${answer}}`;

const CASES: [
  why: string,
  responses: string[],
  rewards: number[],
  among: 'all' | 'majority',
  kept: number,
][] = [
  ['the highest reward', ['a', 'b', 'c'], [0.1, 0.9, 0.5], 'all', 1],
  ['the only one', ['a'], [0], 'all', 0],
  ['the earlier one of equals', ['a', 'b', 'c'], [0.5, 0.9, 0.9], 'all', 1],
  ['negative rewards', ['a', 'b'], [-2, -1], 'all', 1],
  ['a majority beats a higher reward', [boxed('1'), boxed('2'), boxed('1')], [0.2, 0.9, 0.3], 'majority', 2],
  ['equal groups: the higher top reward', [boxed('1'), boxed('2'), '', ''], [0.2, 0.9, 1, 1], 'majority', 1],
  ['equal groups and rewards: the earlier', [boxed('1'), boxed('2')], [0.5, 0.5], 'majority', 0],
  ['no answer at all: all of them', ['a', 'b'], [0.5, 0.6], 'majority', 1],
  [
    'answers in two forms agree',
    ['The answer is 3.', boxed('3'), boxed('4')],
    [0.1, 0.2, 0.9],
    'majority',
    1,
  ],
];

for (const [why, responses, rewards, among, kept] of CASES) {
  test(`${among}: ${why}`, async () => {
    const { rows } = await best(responses, rewards, { among });
    assert.equal(rows[0]!['response'], responses[kept]);
    assert.equal(rows[0]!['reward'], rewards[kept]);
    assert.deepEqual(rows[0]!['responses'], responses);
  });
}

test('by: a column decides before the reward, ties go to the higher reward, and none counts least', async () => {
  const columns = { responses: 'list<string>', rewards: 'list<float64>', shares: 'list<float64>' } as const;
  const responses = ['a', 'b', 'c'];
  const rows = [
    { responses, rewards: [0.9, 0.1, 0.2], shares: [0.5, 1, 1] },
    { responses, rewards: [0.1, 0.3, 0.2], shares: [null, 0, -1] },
    { responses, rewards: [0.1, 0.3, 0.2], shares: [1] },
  ];
  const output = await runOperator(keepBest({ by: 'shares' }, contextOf()), { columns, rows });
  assert.deepEqual(
    output.rows.map(({ response, reward }) => [response, reward]),
    [
      ['c', 0.2],
      ['b', 0.3],
    ],
  );
  assert.deepEqual(lostTexts(output), ['2 rejected ROW_LISTS_DIFFER']);
  const { rewards: _, ...unscored } = columns;
  const first = await runOperator(keepBest({ by: 'shares' }, contextOf()), {
    columns: unscored,
    rows: [{ responses, shares: [0, 0.5, 0.5] }],
  });
  assert.deepEqual([first.rows[0]!['response'], first.rows[0]!['reward']], ['b', null]);
});

test('rewardMin: its own value is enough, less is dropped', async () => {
  assert.equal((await best(['a'], [0.5], { rewardMin: 0.5 })).rows.length, 1);
  const output = await best(['a', 'b'], [0.4, 0.49], { rewardMin: 0.5 });
  assert.deepEqual(lostTexts(output), ['0 dropped lowReward']);
  assert.equal(output.lost[0]!.message, 'best reward 0.4900');
});

for (const [among, responses, kept] of [
  ['all', ['a', 'b', 'c'], 0],
  ['majority', [boxed('1'), boxed('2'), boxed('2')], 1],
] as const) {
  test(`${among}: without rewards the first stays, and its reward is null`, async () => {
    const { rows } = await runOperator(keepBest({ among }, contextOf()), {
      columns: { responses: 'list<string>' },
      rows: [{ responses: [...responses] }],
    });
    assert.deepEqual([rows[0]!['response'], rows[0]!['reward']], [responses[kept], null]);
  });
}

test('rewards of null, unlike none at all, reject the row', async () => {
  const output = await runOperator(keepBest({}, contextOf()), {
    columns: { responses: 'list<string>', rewards: 'list<float64>' },
    rows: [{ responses: ['a'], rewards: null }],
    nullable: ['rewards'],
  });
  assert.deepEqual(lostTexts(output), ['0 rejected ROW_VALUE_MISSING']);
});

for (const [responses, rewards] of [
  [[], []],
  [['a'], []],
  [['a'], [0.1, 0.2]],
] as [string[], number[]][]) {
  test(`${responses.length} responses and ${rewards.length} rewards reject the row`, async () => {
    assert.deepEqual(lostTexts(await best(responses, rewards)), ['0 rejected ROW_SCORE_INVALID']);
  });
}

test('the thought of the kept response goes to a column of its own', async () => {
  const input: Input = {
    columns: { responses: 'list<string>', rewards: 'list<float64>' },
    rows: [
      { responses: ['<think>a</think>1', '<think>\nb\n</think>\n\n2'], rewards: [0.1, 0.9] },
      { responses: ['3'], rewards: [0.5] },
    ],
  };
  const { rows } = await runOperator(keepBest({ reasoning: true }, contextOf([])), input);
  assert.deepEqual(
    rows.map(({ response, reasoning, reward }) => [response, reasoning, reward]),
    [
      ['2', 'b', 0.9],
      ['3', '', 0.5],
    ],
  );
  const whole = await runOperator(keepBest({}, contextOf([])), input);
  assert.equal(whole.rows[0]!['response'], '<think>\nb\n</think>\n\n2');
  assert.ok(!('reasoning' in whole.rows[0]!));
});

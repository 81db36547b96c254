import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sampleDifficulty } from '../../src/operators/sampleDifficulty.js';
import { type Input, contextOf, lostTexts, runOperator } from '../helpers/runs/runOperator.js';

function difficulties(values: readonly number[]): Input {
  return { columns: { difficulty: 'float64' }, rows: values.map((difficulty) => ({ difficulty })) };
}

test('a range: its ends belong to it', async () => {
  const operator = sampleDifficulty({ min: 0.2, max: 0.8 }, contextOf());
  const output = await runOperator(operator, difficulties([0, 0.2, 0.5, 0.8, 0.80001, 1]));
  assert.deepEqual(lostTexts(output), ['0 dropped tooEasy', '4 dropped tooHard', '5 dropped tooHard']);
  assert.equal(output.lost[0]!.message, 'difficulty 0.0000');
});

test('without options everything stays', async () => {
  const output = await runOperator(sampleDifficulty({}, contextOf()), difficulties([-2, 0, 0.5, 1, 7]));
  assert.equal(output.rows.length, 5);
});

test('a regression’s numbers are not bounded: one bound drops at its own end alone, and may be below 0', async () => {
  const values = difficulties([-0.3, -0.1, 0.1, 1.03, 40]);
  const aboveMin = await runOperator(sampleDifficulty({ min: 0.1 }, contextOf()), values);
  assert.deepEqual(lostTexts(aboveMin), ['0 dropped tooEasy', '1 dropped tooEasy']);
  const negative = await runOperator(sampleDifficulty({ min: -0.2 }, contextOf()), values);
  assert.deepEqual(lostTexts(negative), ['0 dropped tooEasy']);
  const belowMax = await runOperator(sampleDifficulty({ max: 2 }, contextOf()), values);
  assert.deepEqual(lostTexts(belowMax), ['4 dropped tooHard']);
  assert.throws(() => sampleDifficulty({ min: Infinity }, contextOf()), /min/);
});

test('keepShares divide [0, 1]: bounds lie in it, values outside count to the part at their end', async () => {
  const operator = sampleDifficulty({ keepShares: [0, 1] }, contextOf());
  const output = await runOperator(operator, difficulties([-0.5, 1.5]));
  assert.deepEqual(lostTexts(output), ['0 dropped notSampled']);
  for (const bounds of [{ min: -0.1 }, { max: 1.5 }])
    assert.throws(
      () => sampleDifficulty({ ...bounds, keepShares: [0.5] }, contextOf()),
      /expected a number from 0 to 1 beside `keepShares`/,
    );
});

test('shares: each part of [0, 1] keeps its share; 1 belongs to the last part', async () => {
  const values = Array.from({ length: 6000 }, (_, at) => [0.1, 0.5, 1][at % 3]!);
  const operator = sampleDifficulty({ keepShares: [0.2, 0.6, 1] }, contextOf());
  const { rows, lost } = await runOperator(operator, difficulties(values), 500);
  const kept = (value: number): number => rows.filter(({ difficulty }) => difficulty === value).length / 2000;
  // Four standard deviations of a share of 2,000 rows.
  assert.ok(Math.abs(kept(0.1) - 0.2) < 0.036, `${kept(0.1)}`);
  assert.ok(Math.abs(kept(0.5) - 0.6) < 0.044, `${kept(0.5)}`);
  assert.equal(kept(1), 1);
  assert.ok(lost.every(({ reason }) => reason === 'notSampled'));
});

test('shares of 0 and 1 draw nothing; the borders of parts belong to the harder one', async () => {
  const operator = sampleDifficulty({ keepShares: [0, 1] }, contextOf());
  const output = await runOperator(operator, difficulties([0, 0.4999, 0.5, 1]));
  assert.deepEqual(lostTexts(output), ['0 dropped notSampled', '1 dropped notSampled']);
});

test('the same rows are sampled whatever the batches, others with another seed or step', async () => {
  const values = Array.from({ length: 200 }, () => 0.5);
  async function kept(batchRows: number, seed: number, step: string): Promise<unknown[]> {
    const operator = sampleDifficulty({ keepShares: [0.5] }, contextOf([], { seed, step }));
    const { rows } = await runOperator(operator, difficulties(values), batchRows);
    return rows.map(({ seq }) => seq);
  }
  const first = await kept(200, 7, 'sample');
  assert.deepEqual(await kept(9, 7, 'sample'), first);
  assert.notDeepEqual(await kept(200, 8, 'sample'), first);
  assert.notDeepEqual(await kept(200, 7, 'again'), first);
});

test('a range the wrong way round is refused', () => {
  assert.throws(
    () => sampleDifficulty({ min: 0.6, max: 0.5 }, contextOf()),
    /expected min to be at most max/,
  );
});

test('generators: the others pass, with or without a difficulty; one that is meant needs it', async () => {
  const input: Input = {
    columns: { difficulty: 'float64', generator: 'string' },
    rows: [
      { difficulty: 0.1, generator: 'one' },
      { difficulty: 0.1, generator: 'other' },
      { difficulty: null, generator: 'other' },
      { difficulty: null, generator: 'one' },
    ],
  };
  const output = await runOperator(sampleDifficulty({ min: 0.5, generators: ['one'] }, contextOf()), {
    ...input,
    nullable: ['difficulty'],
  });
  assert.deepEqual(lostTexts(output), ['0 dropped tooEasy', '3 rejected ROW_VALUE_MISSING']);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sampleDifficulty } from '../../src/operators/sampleDifficulty.js';
import { type Input, contextOf, lostTexts, runOperator } from '../helpers/runOperator.js';

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
  const output = await runOperator(sampleDifficulty({}, contextOf()), difficulties([0, 0.5, 1]));
  assert.equal(output.rows.length, 3);
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

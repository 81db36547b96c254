import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CompleteRequest } from '../../src/backends/model.js';
import { generate } from '../../src/operators/generate.js';
import { deriveSeed } from '../../src/random.js';
import { type Input, contextOf, lostTexts, runOperator } from '../helpers/runs/runOperator.js';
import { scriptedModel } from '../helpers/scriptedModel.js';

function empty(rows: number): Input {
  return { columns: {}, rows: Array.from({ length: rows }, () => ({})) };
}

function question({ seed }: CompleteRequest): string[] {
  return [` Question ${seed}? `];
}

test('each row gets a question and the name of the model that wrote it', async () => {
  const model = scriptedModel({ complete: question });
  const operator = generate({ generators: [{ model: 'tiny' }] }, contextOf([model]));
  const { rows } = await runOperator(operator, empty(3));
  assert.deepEqual(
    rows,
    [0, 1, 2].map((seq) => ({
      seq,
      question: `Question ${deriveSeed(7, 'generate', seq)}?`,
      generator: 'tiny',
    })),
  );
});

test('the request is the bare opening of a user message with the sampling asked for', async () => {
  const model = scriptedModel({ complete: question });
  const operator = generate(
    { generators: [{ model: 'tiny' }], temperature: 0.5, topP: 0.9, tokensMax: 33 },
    contextOf([model], { step: 'ask' }),
  );
  await runOperator(operator, empty(1));
  assert.deepEqual(model.completes, [
    {
      seq: 0,
      message: { kind: 'preQuery' },
      n: 1,
      temperature: 0.5,
      topP: 0.9,
      tokensMax: 33,
      seed: deriveSeed(7, 'ask', 0),
    },
  ]);
});

test('the defaults are the paper’s', async () => {
  const model = scriptedModel({ complete: question });
  await runOperator(generate({ generators: [{ model: 'tiny' }] }, contextOf([model])), empty(1));
  const { temperature, topP, tokensMax } = model.completes[0]!;
  assert.deepEqual({ temperature, topP, tokensMax }, { temperature: 1, topP: 0.99, tokensMax: 512 });
});

test('seeds depend on run seed, step and row, and not on the batches', async () => {
  async function seeds(batchRows: number, seed: number, step: string): Promise<number[]> {
    const model = scriptedModel({ complete: question });
    const operator = generate({ generators: [{ model: 'tiny' }] }, contextOf([model], { seed, step }));
    await runOperator(operator, empty(40), batchRows);
    return [...model.completes].sort((a, b) => a.seq - b.seq).map((request) => request.seed);
  }
  const first = await seeds(40, 7, 'generate');
  assert.equal(new Set(first).size, 40);
  assert.deepEqual(await seeds(3, 7, 'generate'), first);
  assert.notDeepEqual(await seeds(40, 8, 'generate'), first);
  assert.notDeepEqual(await seeds(40, 7, 'other'), first);
});

test('generators share the rows by weight, the same rows each time', async () => {
  async function writers(batchRows: number): Promise<string[]> {
    const models = ['a', 'b', 'c'].map((name) => scriptedModel({ complete: question }, name));
    const generators = [{ model: 'a', weight: 5 }, { model: 'b', weight: 3 }, { model: 'c' }];
    const { rows } = await runOperator(generate({ generators }, contextOf(models)), empty(3000), batchRows);
    return rows.map(({ generator }) => generator as string);
  }
  const written = await writers(500);
  const share = (name: string): number => written.filter((writer) => writer === name).length / 3000;
  // Four standard deviations of a share of 3,000 rows.
  assert.ok(Math.abs(share('a') - 5 / 9) < 0.037, `${share('a')}`);
  assert.ok(Math.abs(share('b') - 3 / 9) < 0.035, `${share('b')}`);
  assert.ok(Math.abs(share('c') - 1 / 9) < 0.023, `${share('c')}`);
  assert.deepEqual(await writers(7), written);
});

test('a question that is cut off or empty rejects its row', async () => {
  const replies = [[{ text: 'cut', finish: 'length' as const }], [' '], ['Whole?']];
  const model = scriptedModel({ complete: ({ seq }) => replies[seq]! });
  const output = await runOperator(
    generate({ generators: [{ model: 'tiny' }] }, contextOf([model])),
    empty(3),
  );
  assert.deepEqual(lostTexts(output), ['0 rejected ROW_LENGTH', '1 rejected ROW_EMPTY']);
  assert.deepEqual(
    output.rows.map(({ seq }) => seq),
    [2],
  );
});

test('a model that is not there ends the stream and names those that are', async () => {
  const operator = generate({ generators: [{ model: 'big' }] }, contextOf([scriptedModel()]));
  await assert.rejects(runOperator(operator, empty(1)), /no model is called "big", expected one of: tiny/);
});

test('a thought before a question is no part of it, and one without a question rejects the row', async () => {
  const replies = ['<think>Sums?</think>\nWhat is 2 + 3?', '<think>Sums?'];
  const model = scriptedModel({ complete: ({ seq }) => [replies[seq]!] });
  const output = await runOperator(
    generate({ generators: [{ model: 'tiny' }] }, contextOf([model])),
    empty(2),
  );
  assert.deepEqual(
    output.rows.map((row) => row['question']),
    ['What is 2 + 3?'],
  );
  assert.deepEqual(lostTexts(output), ['1 rejected ROW_THOUGHT']);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type DeduplicateOptions, deduplicate } from '../../src/operators/deduplicate.js';
import { madeQuestions } from '../../bench/dedup/texts.js';
import { committedValues } from '../helpers/runs/committedValues.js';
import { RowError } from '../../src/errors.js';
import { loadOperator } from '../../src/operators/registry.js';
import { foldFigures } from '../helpers/runs/foldFigures.js';
import { contextOf, lostTexts, questionsInput, runOperator } from '../helpers/runs/runOperator.js';
import { type ScriptedModel, scriptedModel } from '../helpers/scriptedModel.js';

async function run(
  questions: readonly string[],
  similarityMin: number | null = 0.8,
  batchRows?: number,
  more: Omit<DeduplicateOptions, 'similarityMin'> = {},
) {
  const operator = deduplicate({ similarityMin, ...more }, contextOf());
  return runOperator(operator, questionsInput(questions), batchRows);
}

const LONG =
  'Mara bakes nine trays of rolls every morning and sells each roll for two coins at the market near the old ' +
  'river bridge. How many coins does she earn in a week?';

test('exact: the first of several copies stays, whatever case, spaces and punctuation', async () => {
  const output = await run(
    ['What is 2 + 2?', 'Why?', 'what  is 2+2', 'WHAT IS 2 + 2 !', 'What is 2 + 3?'],
    null,
  );
  assert.deepEqual(lostTexts(output), ['2 dropped duplicate', '3 dropped duplicate']);
});

test('exact: an operator, a decimal or a symbol is no punctuation', async () => {
  const questions = ['What is 8 + 2?', 'What is 8 - 2?', 'What is 8 × 2?', 'What is 8 ÷ 2?', 'What is 8.2?'];
  assert.deepEqual(lostTexts(await run(questions, null)), []);
});

test('near: one changed word in a question of thirty is found, and says how similar it is', async () => {
  const output = await run([LONG, LONG.replace('old', 'new')]);
  assert.deepEqual(lostTexts(output), ['1 dropped nearDuplicate']);
  assert.match(output.lost[0]!.message, /^similarity 0\.[89]\d\d$/);
});

test('near: null looks for exact copies alone', async () => {
  assert.deepEqual(lostTexts(await run([LONG, LONG.replace('old', 'new')], null)), []);
});

test('near: one template with other numbers is another question', async () => {
  const template = (a: number, b: number, c: number): string =>
    `Tom has ${a} apples and buys ${b} more for ${c} coins each. How many coins does he spend on them?`;
  const output = await run([template(3, 5, 2), template(7, 9, 4), template(12, 8, 6)]);
  assert.deepEqual(lostTexts(output), []);
});

test('ignoreNumbers: variants of one word problem are duplicates, with and without near copies', async () => {
  const variants = [
    'Tom has 3 apples and buys 5 more.',
    'Tom has 12 apples and buys 1,000.5 more.',
    'Ann has 3 apples.',
  ];
  for (const similarityMin of [null, 0.8]) {
    assert.deepEqual(lostTexts(await run(variants, similarityMin)), []);
    const ignored = await run(variants, similarityMin, undefined, { ignoreNumbers: true });
    assert.deepEqual(lostTexts(ignored), ['1 dropped duplicate']);
  }
  const long = [
    LONG,
    LONG.replace('old', 'new').replace('a week', '7 days'),
    LONG.replace('a week', '9 days'),
  ];
  assert.deepEqual(lostTexts(await run(long, 0.7, undefined, { ignoreNumbers: true })), [
    '1 dropped nearDuplicate',
    '2 dropped nearDuplicate',
  ]);
});

test('memoryMiB: the rows that do not fit end the run with a code; a larger one goes on from there', async () => {
  const questions = madeQuestions(4000, 5);
  const kept = async (memoryMiB: number): Promise<unknown[]> =>
    (await run(questions, 0.7, 500, { memoryMiB })).rows.map(({ seq }) => seq);
  await assert.rejects(kept(1), {
    code: 'ERR_MEMORY',
    message: /^[\d,]+ questions of deduplicate take all of memoryMiB \(1\)/,
  });
  assert.deepEqual(await kept(16), await kept(4096));
});

test('near: decisions do not depend on how the rows are cut, and restoring is going on', async () => {
  const questions = madeQuestions(1500, 9);
  const whole = await run(questions, 0.7);
  const before = await run(questions.slice(0, 700), 0.7, 13);
  const restored = structuredClone(before.deltas.map(({ value }) => value));
  const context = contextOf([], { restored: () => committedValues(restored) });
  const after = await runOperator(
    deduplicate({ similarityMin: 0.7 }, context),
    questionsInput(questions.slice(700)),
    64,
  );
  const lost = [...before.lost, ...after.lost.map((row) => ({ ...row, seq: row.seq + 700 }))];
  assert.ok(whole.lost.length > 100);
  assert.deepEqual(
    lost.map(({ seq, reason, message }) => [seq, reason, message]),
    whole.lost.map(({ seq, reason, message }) => [seq, reason, message]),
  );
});

test('near: an exact copy of a long question is called a duplicate, not a near one', async () => {
  assert.deepEqual(lostTexts(await run([LONG, LONG.toUpperCase()])), ['1 dropped duplicate']);
});

test('a dropped question is not remembered: similarity does not creep', async () => {
  const step1 = LONG.replace('Mara', 'Nora');
  const step2 = step1.replace('nine', 'six').replace('rolls', 'buns').replace('sells', 'gives');
  const alone = lostTexts(await run([LONG, step2]));
  const between = lostTexts(await run([LONG, step1, step2]));
  assert.deepEqual(alone, []);
  assert.deepEqual(between, ['1 dropped nearDuplicate']);
});

const wording = fc.array(fc.constantFrom('a', 'b', 'c', 'd', '1', '2'), { minLength: 1, maxLength: 9 });
const questions = fc.array(
  wording.map((tokens) => tokens.join(' ')),
  { minLength: 1, maxLength: 60 },
);

test('exact: what passes is what a plain loop with a set passes, however the rows are cut', async () => {
  await fc.assert(
    fc.asyncProperty(questions, fc.integer({ min: 1, max: 20 }), async (given, batchRows) => {
      const first = given.flatMap((question, seq) => (given.indexOf(question) === seq ? [seq] : []));
      const { rows } = await run(given, null, batchRows);
      assert.deepEqual(
        rows.map(({ seq }) => seq),
        first,
      );
    }),
    { numRuns: 60 },
  );
});

test('restored deltas give the same decisions as the live state', async () => {
  const similar = fc.array(
    fc.tuple(fc.nat(3), fc.nat(2)).map(([base, edit]) => variant(base, edit)),
    { minLength: 4, maxLength: 30 },
  );
  await fc.assert(
    fc.asyncProperty(similar, fc.nat(29), async (given, at) => {
      const cut = at % given.length;
      const whole = await run(given);
      const before = await run(given.slice(0, cut));
      const restored = structuredClone(before.deltas.map(({ value }) => value));
      const context = contextOf([], {
        restored: (step) => committedValues(step === 'deduplicate' ? restored : []),
      });
      const after = await runOperator(deduplicate({}, context), questionsInput(given.slice(cut)));
      assert.deepEqual(
        after.rows.map(({ question }) => question),
        whole.rows.filter(({ seq }) => (seq as number) >= cut).map(({ question }) => question),
      );
      assert.deepEqual(
        after.lost.map(({ seq, reason }) => [seq + cut, reason]),
        whole.lost.filter(({ seq }) => seq >= cut).map(({ seq, reason }) => [seq, reason]),
      );
    }),
    { numRuns: 40 },
  );
});

function variant(base: number, edit: number): string {
  const tokens = Array.from({ length: 24 }, (_, at) => `word${base}x${'abcdefghijklmnopqrstuvwxyz'[at]}`);
  return edit === 0 ? tokens.join(' ') : tokens.with(23, `end${'xy'[edit - 1]}`).join(' ');
}

test('two subscriptions share no memory', async () => {
  const operator = deduplicate({}, contextOf());
  for (let time = 0; time < 2; time++) {
    assert.deepEqual(lostTexts(await runOperator(operator, questionsInput(['Why?', 'why']))), [
      '1 dropped duplicate',
    ]);
  }
});

/** Words of one meaning have one number in a vector, and other words have others. */
const MEANINGS = [
  'has owns holds',
  'apples fruit',
  'five 5',
  'Tom',
  'Ann',
  'pears',
  'six 6',
  'buys gets',
].map((words) => words.split(' '));

function meaningModel(): ScriptedModel {
  return scriptedModel({
    embed: ({ texts }) =>
      texts.map((text) => {
        if (text === 'broken') throw new RowError('ROW_SERVER_ERROR', 'no vector', { mayDiffer: true });
        const words = text.split(' ');
        return MEANINGS.map((meaning) => words.filter((word) => meaning.includes(word)).length + 0.01);
      }),
  });
}

const BY_MEANING = { by: 'embedding', model: 'tiny', similarityMin: 0.95 } as const;

async function runByMeaning(questions: readonly string[], batchRows?: number, restored?: readonly unknown[]) {
  const context = contextOf(
    [meaningModel()],
    restored ? { restored: () => committedValues([...restored]) } : {},
  );
  return runOperator(deduplicate(BY_MEANING, context), questionsInput(questions), batchRows);
}

test('by embedding: the same question in other words is dropped for the first, which its message names', async () => {
  const output = await runByMeaning([
    'Tom has 5 apples',
    'Ann has 6 pears',
    'Tom owns five fruit',
    'Tom has 6 apples',
  ]);
  assert.deepEqual(lostTexts(output), ['2 dropped nearDuplicate']);
  assert.equal(output.lost[0]!.message, 'row 0, similarity 1.000');
  const { figures, options } = (await loadOperator('deduplicate'))!;
  assert.deepEqual(
    foldFigures(
      figures!(options.parse(BY_MEANING), {}),
      output.deltas.map(({ value }) => value),
    ),
    { questions: 4, passed: 3, clusters: 1, largest: 2, of2: 1 },
  );
});

test('by embedding: a row without a vector is rejected, may come another time, and stops no other', async () => {
  const output = await runByMeaning(['Tom has 5 apples', 'broken', 'Tom holds 5 fruit']);
  assert.deepEqual(lostTexts(output), ['1 rejected ROW_SERVER_ERROR', '2 dropped nearDuplicate']);
});

test('by embedding: decisions do not depend on how the rows are cut, nor on where a run went on', async () => {
  const word = fc.constantFrom(...MEANINGS.flat());
  const question = fc.oneof(
    { weight: 20, arbitrary: fc.array(word, { minLength: 1, maxLength: 4 }).map((words) => words.join(' ')) },
    { weight: 1, arbitrary: fc.constant('broken') },
  );
  const given = fc.array(question, { minLength: 2, maxLength: 40 });
  const told = ({ lost }: Awaited<ReturnType<typeof runByMeaning>>, from = 0) =>
    lost.map(({ seq, reason, message }) => [seq + from, reason, message]);
  await fc.assert(
    fc.asyncProperty(given, fc.nat(39), fc.integer({ min: 1, max: 7 }), async (questions, at, batchRows) => {
      const cut = at % questions.length;
      const whole = await runByMeaning(questions);
      const cutUp = await runByMeaning(questions, batchRows);
      assert.deepEqual([cutUp.lost, cutUp.deltas], [whole.lost, whole.deltas]);
      const before = await runByMeaning(questions.slice(0, cut), batchRows);
      const restored = structuredClone(before.deltas.map(({ value }) => value));
      const after = await runByMeaning(questions.slice(cut), batchRows, restored);
      assert.deepEqual(
        [...told(before), ...told(after, cut)].map(([seq, reason]) => [seq, reason]),
        told(whole).map(([seq, reason]) => [seq, reason]),
      );
    }),
    { numRuns: 40 },
  );
});

test('by embedding: what does not fit ends the run with a code, and dimensions tell check how much it takes', async () => {
  const many = Array.from({ length: 12 }, (_, seq) => MEANINGS[seq % 8]![0]!);
  const { memoryMiB, options } = (await loadOperator('deduplicate'))!;
  const neededMiB = (more: object, rows: number): number =>
    memoryMiB!(options.parse({ ...BY_MEANING, ...more }), rows);
  assert.equal(neededMiB({}, 1e6), 0);
  // 384 bytes and 16 a vector, in pieces of 4,096 vectors.
  assert.ok(Math.abs(neededMiB({ dimensions: 384 }, 1e6) - 382.8) < 1);
  const model = scriptedModel({ embed: () => [Array.from({ length: 1000 }, (_, at) => at)] });
  const operator = deduplicate({ ...BY_MEANING, memoryMiB: 1 }, contextOf([model]));
  await assert.rejects(runOperator(operator, questionsInput(many)), {
    code: 'ERR_MEMORY',
    message: /^0 vectors of deduplicate take all of memoryMiB \(1\)/,
  });
});

test('by embedding: what is asked comes with its model and threshold, and nothing of the words', () => {
  const refused: [object, RegExp][] = [
    [{ by: 'embedding', similarityMin: 0.9 }, /deduplicate\.model: expected a name from `models`/],
    [
      { by: 'embedding', model: 'tiny' },
      /deduplicate\.similarityMin: expected a number with `by: embedding`/,
    ],
    [{ by: 'embedding', model: 'tiny', similarityMin: null }, /deduplicate\.similarityMin/],
    [{ ...BY_MEANING, ignoreNumbers: true }, /deduplicate\.ignoreNumbers/],
    [{ model: 'tiny' }, /deduplicate\.model: found `model` without `by: embedding`/],
    [{ prefix: 'a' }, /deduplicate\.prefix/],
    [{ dimensions: 3 }, /deduplicate\.dimensions/],
  ];
  for (const [given, message] of refused)
    assert.throws(() => deduplicate(given, contextOf()), { code: 'ERR_PIPELINE_INVALID', message });
});

import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { decontaminate, decontaminateSpec } from '../../src/operators/decontaminate.js';
import { temporaryFolder } from '../helpers/commandLine.js';
import { ROWS_A_TURN } from '../../src/flow/turns.js';
import { committedValues } from '../helpers/runs/committedValues.js';
import { foldFigures } from '../helpers/runs/foldFigures.js';
import { checkText, problemsOf } from '../helpers/runs/pipelineWorld.js';
import { contextOf, lostTexts, questionsInput, runOperator } from '../helpers/runs/runOperator.js';
import { scriptedModel } from '../helpers/scriptedModel.js';
import { RowError } from '../../src/errors.js';

const GSM = [
  'Natalia sold clips to 48 of her friends in April, and then she sold half as many clips in May. How many in all?',
  'Why?',
  'A robe takes 2 bolts of blue fiber and half that much white fiber. How many bolts in total does it take?',
];
const MATH = [
  'What is the sum of all positive integers n such that n divides 48 and n is a square number?',
  'Compute $2+2$.',
];

const FILES: Record<string, string[]> = { 'data/gsm.jsonl question': GSM, 'math/ problem': MATH };
const BENCHMARKS = [{ path: 'data/gsm.jsonl' }, { path: 'math/', column: 'problem' }];

function texts(path: string, column: string): string[] {
  return FILES[`${path} ${column}`]!;
}

async function run(questions: readonly string[], options = {}, restored: unknown[] = []) {
  const context = contextOf([], { texts, restored: () => committedValues(restored) });
  const operator = decontaminate({ benchmarks: BENCHMARKS, ...options }, context);
  return runOperator(operator, questionsInput(questions));
}

function figuresOf(deltas: readonly { value: unknown }[], options = {}) {
  const parsed = decontaminateSpec.options.parse({ benchmarks: BENCHMARKS, ...options });
  return foldFigures(
    decontaminateSpec.figures!(parsed, { texts }),
    deltas.map(({ value }) => value),
  );
}

test('drops what shares 13 words in a row, or is the same where the question is shorter', async () => {
  const output = await run([
    'Yesterday NATALIA sold clips to 48 of her friends (in April) and then she sold more.',
    'Natalia sold clips to 48 of her friends in April, but then she stopped. How many in all?',
    'why',
    'Why? Because.',
    'Compute 2 + 2',
    'A new question that nobody has ever asked before about 7 boats and 9 oars on a lake?',
  ]);
  assert.deepEqual(lostTexts(output), ['0 dropped overlap', '2 dropped overlap', '4 dropped overlap']);
  assert.match(output.lost[0]!.message, /^gsm row 0 \(overlap 0\.\d{3}\)$/);
  assert.equal(output.lost[1]!.message, 'gsm row 1 (overlap 1.000)');
  assert.equal(output.lost[2]!.message, 'math row 1 (overlap 1.000)');
  assert.deepEqual(figuresOf(output.deltas), {
    gsm: { rows: 3, rowsHit: 2, cleanShare: 1 / 3, questions: 2 },
    math: { rows: 2, rowsHit: 1, cleanShare: 0.5, questions: 1 },
  });
});

test('another number is another word: the same story with other numbers shares only the runs between them', async () => {
  const other = GSM[0]!.replace('48', '52');
  assert.deepEqual(lostTexts(await run([other])), ['0 dropped overlap']);
  assert.deepEqual(lostTexts(await run([other.replace('half', 'twice')])), []);
});

test('overlapMin: so large a share of the shorter question must be the same', async () => {
  // 7 of the 10 runs of the benchmark’s question begin before the change; the row has more runs than that.
  const row = `${GSM[0]!.replace('How many in all', 'What is left')} Then she bought seven more boxes of clips.`;
  const share = async (overlapMin: number) => lostTexts(await run([row], { overlapMin })).length;
  const { message } = (await run([row])).lost[0]!;
  const found = Number(/overlap ([\d.]+)/.exec(message)![1]);
  assert.ok(found > 0.5 && found < 0.9, message);
  assert.deepEqual([await share(found - 0.01), await share(found + 0.01)], [1, 0]);
  assert.equal((await run([GSM[0]!], { overlapMin: 1 })).lost.length, 1);
});

test('a question that hits several is told with the closest and the rest', async () => {
  const [first] = (await run([`${GSM[2]} ${MATH[0]}`], { wordsMin: 3 })).lost;
  assert.equal(first!.message, 'gsm row 2 (overlap 1.000), and 1 more of math');
});

test('keepRows reports and drops nothing', async () => {
  const output = await run([GSM[0]!, 'A new one?', GSM[0]!], { keepRows: true });
  assert.deepEqual([output.rows.length, output.lost.length], [3, 0]);
  assert.deepEqual(figuresOf(output.deltas)['gsm'], { rows: 3, rowsHit: 1, cleanShare: 2 / 3, questions: 2 });
});

test('the state goes on after a restart: other batches, same figures and same deltas', async () => {
  const questions = fc.array(fc.constantFrom(...GSM, ...MATH, 'new?', 'why', 'compute 2 2'), {
    maxLength: 20,
  });
  await fc.assert(
    fc.asyncProperty(questions, fc.nat(20), async (given, at) => {
      const whole = (await run(given)).deltas.map(({ value }) => value);
      const before = (await run(given.slice(0, at))).deltas.map(({ value }) => value);
      const restored = JSON.parse(JSON.stringify(before)) as unknown[];
      const after = (await run(given.slice(at), {}, restored)).deltas.map(({ value }) => value);
      assert.deepEqual([...before, ...after], whole);
    }),
    { numRuns: 60 },
  );
});

test('a large benchmark does not hold the event loop while it is read', async () => {
  const many = Array.from({ length: 40 * ROWS_A_TURN }, (_, at) => `${GSM[0]} Number ${at}?`);
  let turns = 0;
  let isDone = false;
  const count = (): void => {
    turns += 1;
    if (!isDone) setImmediate(count);
  };
  const context = contextOf([], { texts: () => many });
  const running = runOperator(
    decontaminate({ benchmarks: [{ path: 'many.jsonl' }] }, context),
    questionsInput([GSM[0]!]),
  );
  setImmediate(count);
  const output = await running;
  isDone = true;
  assert.equal(output.lost.length, 1);
  assert.ok(turns >= 39, `${turns} turns of the event loop`);
});

test('the figures of no deltas: everything is clean', () => {
  const clean = { rowsHit: 0, cleanShare: 1, questions: 0 };
  assert.deepEqual(figuresOf([]), { gsm: { rows: 3, ...clean }, math: { rows: 2, ...clean } });
});

test('without texts in its context it says what it needs', async () => {
  const operator = decontaminate({ benchmarks: BENCHMARKS }, contextOf());
  await assert.rejects(runOperator(operator, questionsInput(['a'])), { code: 'ERR_PIPELINE_INVALID' });
});

function pipeline(benchmarks: string): string {
  return `name: leaks
limit: 4
models: { tiny: { llamaCpp: { path: ../models/tiny.gguf } } }
steps:
  - generate: { generators: [{ model: tiny }] }
  - decontaminate:
      benchmarks:
        - ${benchmarks}
`;
}

const folder = temporaryFolder();
writeFileSync(join(folder, 'ok.jsonl'), '{"question": "Why?"}\n{"question": "How?"}\n');
writeFileSync(join(folder, 'empty.jsonl'), '\n');
writeFileSync(join(folder, 'gap.jsonl'), '{"question": "Why?"}\n{"question": null}\n');
writeFileSync(join(folder, 'broken.jsonl'), '{"question": "Why?"}\n{"question"\n');
writeFileSync(join(folder, 'broken.parquet'), 'PAR1 and then nothing');
writeFileSync(join(folder, 'some.txt'), 'question\nWhy?\n');
mkdirSync(join(folder, 'bare'));

const MISTAKES: [benchmark: string, place: string, message: RegExp][] = [
  [
    'path: gone.jsonl',
    '8:17 steps.1.decontaminate.benchmarks.0.path',
    /cannot read .*gone\.jsonl: nothing is there/,
  ],
  [
    'path: empty.jsonl',
    '8:17 steps.1.decontaminate.benchmarks.0.path',
    /found no row in .*empty\.jsonl, expected at least one/,
  ],
  [
    '{ path: ok.jsonl, column: problem }',
    '8:37 steps.1.decontaminate.benchmarks.0.column',
    /column "problem", row 0: found null, expected a string/,
  ],
  [
    'path: gap.jsonl',
    '8:11 steps.1.decontaminate.benchmarks.0.column',
    /column "question", row 1: found null/,
  ],
  [
    'path: broken.jsonl',
    '8:17 steps.1.decontaminate.benchmarks.0.path',
    /broken\.jsonl:2: found .* expected one JSON object a line/,
  ],
  ['path: broken.parquet', '8:17 steps.1.decontaminate.benchmarks.0.path', /expected a whole Parquet file/],
  [
    'path: some.txt',
    '8:17 steps.1.decontaminate.benchmarks.0.path',
    /expected a \.jsonl .* or \.parquet file/,
  ],
  ['path: bare', '8:17 steps.1.decontaminate.benchmarks.0.path', /expected a \.jsonl .* or \.parquet file/],
];

for (const [benchmark, place, message] of MISTAKES) {
  test(`check finds it: ${benchmark}`, async () => {
    const text = pipeline(benchmark.replace(/path: (\w+)/, `path: ${folder}/$1`));
    const [line, column] = place.split(' ')[0]!.split(':').map(Number);
    const [found, ...more] = await problemsOf(text);
    assert.deepEqual(more, []);
    assert.match(found!.message, message);
    assert.equal(found!.at!.key, place.split(' ')[1]);
    // The folder’s name moves what stands after it on the line.
    const moved = found!.at!.key!.endsWith('column') && column! > 20 ? folder.length + 1 : 0;
    assert.deepEqual([found!.at!.line, found!.at!.column], [line, column! + moved]);
  });
}

test('check refuses two benchmarks of one name', async () => {
  const two = pipeline(`path: ${folder}/ok.jsonl`).replace(/( +- path.*\n)$/, '$1$1');
  assert.match((await problemsOf(two))[0]!.message, /expected another `name` for each/);
});

test('the benchmark’s content is part of the identity, its formatting is not', async () => {
  const text = pipeline(`path: ${folder}/ok.jsonl`);
  const before = await checkText(text);
  assert.deepEqual([...before.texts.values()], [['Why?', 'How?']]);
  writeFileSync(join(folder, 'ok.jsonl'), '{ "question":"Why?", "answer": 1 }\n\n{"question": "How?"}');
  assert.equal((await checkText(text)).identity, before.identity);
  writeFileSync(join(folder, 'ok.jsonl'), '{"question": "Why?"}\n{"question": "Who?"}\n');
  const after = await checkText(text);
  assert.notEqual(after.identity, before.identity);
  const changed = Object.keys(after.parts).filter((path) => after.parts[path] !== before.parts[path]);
  assert.deepEqual(changed, ['steps.decontaminate.texts.0']);
});

/** Words of one meaning have one number in a vector. */
const MEANINGS = ['robe gown', 'bolts', 'fiber fibre', 'boats ships', 'Why?'].map((words) =>
  words.split(' '),
);

async function runByMeaning(questions: readonly string[], batchRows?: number, more = {}, broken = 'nothing') {
  const model = scriptedModel({
    embed: ({ texts: asked }) =>
      asked.map((text) => {
        if (text === broken) throw new RowError('ROW_REFUSED', 'no');
        const words = text.split(' ');
        return MEANINGS.map((meaning) => words.filter((word) => meaning.includes(word)).length + 0.01);
      }),
  });
  const context = contextOf([model], { texts });
  const options = {
    benchmarks: BENCHMARKS,
    by: 'embedding',
    model: 'tiny',
    similarityMin: 0.95,
    ...more,
  } as const;
  return runOperator(decontaminate(options, context), questionsInput(questions), batchRows);
}

test('by embedding: a benchmark question in other words is dropped, named with its benchmark, row and similarity', async () => {
  const questions = ['The gown needs bolts of fibre and bolts and bolts', 'Three ships', 'Why?'];
  for (const batchRows of [1, 3]) {
    const output = await runByMeaning(questions, batchRows);
    assert.deepEqual(lostTexts(output), ['0 dropped overlap', '2 dropped overlap']);
    assert.match(output.lost[0]!.message, /^gsm row 2 \(similarity 0\.9\d\d\)$/);
    assert.equal(output.lost[1]!.message, 'gsm row 1 (similarity 1.000)');
    assert.deepEqual(figuresOf(output.deltas)['gsm'], {
      rows: 3,
      rowsHit: 2,
      cleanShare: 1 / 3,
      questions: 2,
    });
  }
  assert.deepEqual(lostTexts(await runByMeaning(questions, 3, { keepRows: true })), []);
});

test('by embedding: a row without a vector is rejected, a benchmark question without one ends the run', async () => {
  const output = await runByMeaning(['Three ships', 'odd'], 2, {}, 'odd');
  assert.deepEqual(lostTexts(output), ['1 rejected ROW_REFUSED']);
  await assert.rejects(runByMeaning(['Three ships'], 1, {}, 'Why?'), {
    code: 'ERR_MODEL_REFUSED',
    message: /^found no vector of gsm row 1, expected one from model tiny: no$/,
  });
});

test('by embedding: the model and the threshold must be given, and by words neither may be', () => {
  const refused: [object, RegExp][] = [
    [{ by: 'embedding', model: 'tiny' }, /decontaminate\.similarityMin: expected a number/],
    [{ by: 'embedding', similarityMin: 0.9 }, /decontaminate\.model: expected a name/],
    [{ similarityMin: 0.9 }, /decontaminate\.similarityMin: found/],
    [{ prefix: 'a' }, /decontaminate\.prefix: found/],
  ];
  for (const [given, message] of refused)
    assert.throws(() => decontaminate({ benchmarks: BENCHMARKS, ...given }, contextOf()), {
      code: 'ERR_PIPELINE_INVALID',
      message,
    });
});

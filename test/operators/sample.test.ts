import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Table } from '../../src/arrow/table.js';
import { type SampleOptions, sample } from '../../src/operators/sample.js';
import { temporaryFolder } from '../helpers/commandLine.js';
import { checkText, problemsOf, runInMemory } from '../helpers/runs/pipelineWorld.js';
import { type PlainRow, contextOf, lostTexts, runOperator } from '../helpers/runs/runOperator.js';
import { tableOf } from '../helpers/tableOf.js';

const ROWS = 4000;

async function draw(
  options: SampleOptions,
  rows: readonly PlainRow[] = emptyRows(ROWS),
  tables: Record<string, Table> = {},
  seed = 7,
) {
  const context = contextOf([], { seed, table: (path) => tables[path]! });
  const columns = Object.fromEntries(Object.keys(rows[0] ?? {}).map((name) => [name, 'string' as const]));
  return runOperator(sample(options, context), { columns, rows });
}

function emptyRows(count: number): PlainRow[] {
  return Array.from({ length: count }, () => ({}));
}

function countsOf(values: readonly unknown[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const value of values) counts[String(value)] = (counts[String(value)] ?? 0) + 1;
  return counts;
}

test('a list: values as often as their weights say, of the type of its values', async () => {
  const { rows } = await draw({
    columns: {
      level: { list: ['easy', 'medium', 'hard'], weights: [1, 2, 1] },
      turns: { list: [1, 2, 3] },
      share: { list: [0.5, 1] },
      isShort: { list: [true, false], weights: [1, 0] },
    },
  });
  const counts = countsOf(rows.map(({ level }) => level));
  const expected = { easy: ROWS / 4, medium: ROWS / 2, hard: ROWS / 4 };
  const chiSquare = Object.entries(expected).reduce(
    (sum, [name, count]) => sum + (counts[name]! - count) ** 2 / count,
    0,
  );
  // 2 degrees of freedom: 13.8 is exceeded once in a thousand seeds.
  assert.ok(chiSquare < 13.8, `chi-square ${chiSquare}`);
  // What one column draws tells nothing of another.
  const both = countsOf(rows.map(({ level, turns }) => `${level} ${turns}`));
  assert.equal(Object.keys(both).length, 9);
  assert.ok(
    Object.values(both).every((count) => count > 250),
    JSON.stringify(both),
  );
  assert.ok(rows.every(({ isShort }) => isShort === true));
  assert.deepEqual(new Set(rows.map(({ share }) => share)), new Set([0.5, 1]));
});

test('ranges: whole numbers with both ends, numbers below the end, rounded where wanted', async () => {
  const { rows } = await draw({
    columns: {
      die: { integers: [1, 6] },
      any: { integers: [-(2 ** 31), 2 ** 31 - 1] },
      heat: { numbers: [0.5, 1] },
      grade: { numbers: [0, 10], decimals: 1 },
      height: { normal: { mean: 170, deviation: 8, max: 180 }, decimals: 0 },
    },
  });
  assert.deepEqual(Object.keys(countsOf(rows.map(({ die }) => die))).sort(), ['1', '2', '3', '4', '5', '6']);
  assert.ok(rows.every(({ any }) => Number.isInteger(any)));
  assert.ok(rows.every(({ heat }) => (heat as number) >= 0.5 && (heat as number) < 1));
  assert.ok(rows.every(({ grade }) => Math.round((grade as number) * 10) / 10 === grade));
  assert.ok(rows.every(({ height }) => Number.isInteger(height) && (height as number) <= 180));
});

test('a list that another column chooses, of this step or of the row; a value without a list drops the row', async () => {
  const { rows } = await draw({
    columns: {
      level: { list: ['easy', 'hard'] },
      topic: { byColumn: 'level', lists: { easy: ['sums'], hard: ['logs', 'sines'] } },
    },
  });
  assert.deepEqual(Object.keys(countsOf(rows.map(({ level, topic }) => `${level} ${topic}`))).sort(), [
    'easy sums',
    'hard logs',
    'hard sines',
  ]);
  const lists = { en: ['hi'], fr: ['salut'] };
  const given = await draw({ columns: { word: { byColumn: 'language', lists } } }, [
    { language: 'fr' },
    { language: 'constructor' },
    { language: 'en' },
  ]);
  assert.deepEqual(
    given.rows.map(({ word }) => word),
    ['salut', 'hi'],
  );
  assert.deepEqual(lostTexts(given), ['1 dropped noMatch']);
  assert.equal(given.lost[0]!.message, 'no list for language "constructor"');
});

const PERSONAS = tableOf({
  text: ['a nurse', 'a smith', 'a pupil', 'a cook'],
  level: ['hard', 'hard', 'easy', 'easy'],
});

test('a table: a row that fits what was drawn, and few-shot examples', async () => {
  const { rows } = await draw(
    {
      columns: { level: { list: ['easy', 'hard'] } },
      tables: [
        {
          path: 'p.csv',
          columns: { persona: 'string' },
          from: { persona: 'text' },
          where: { level: 'level' },
        },
        { path: 'p.csv', columns: { text: 'string', level: 'string' }, n: 2, as: 'shots' },
      ],
    },
    emptyRows(300),
    { 'p.csv': PERSONAS },
  );
  assert.deepEqual(Object.keys(countsOf(rows.map(({ level, persona }) => `${level} ${persona}`))).sort(), [
    'easy a cook',
    'easy a pupil',
    'hard a nurse',
    'hard a smith',
  ]);
  for (const { shots } of rows) {
    const [first, second] = shots as unknown as { text: string; level: string }[];
    assert.notEqual(first!.text, second!.text);
    assert.deepEqual(Object.keys(first!), ['text', 'level']);
  }
});

test('draws follow from seed, row and column: the same in any batches, beside other columns, and after a restart', async () => {
  const level = { list: ['a', 'b', 'c', 'd'], weights: [1, 2, 3, 4] };
  await fc.assert(
    fc.asyncProperty(
      fc.nat(),
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 1, max: 40 }),
      async (seed, rows, batchRows) => {
        const input = { columns: {}, rows: emptyRows(rows) };
        const context = contextOf([], { seed, table: () => PERSONAS });
        const table = { path: 'p.csv', columns: { text: 'string' as const } };
        const alone = await runOperator(sample({ columns: { level } }, context), input);
        const beside = sample({ columns: { size: { integers: [0, 9] }, level }, tables: [table] }, context);
        const cut = await runOperator(beside, input, batchRows);
        assert.deepEqual(
          cut.rows.map((row) => row['level']),
          alone.rows.map((row) => row['level']),
        );
        const whole = await runOperator(
          sample({ columns: { size: { integers: [0, 9] }, level }, tables: [table] }, context),
          input,
        );
        assert.deepEqual(cut.rows, whole.rows);
      },
    ),
    { numRuns: 30 },
  );
  const [first, second] = await Promise.all(
    [1, 2].map((seed) => draw({ columns: { level } }, emptyRows(50), {}, seed)),
  );
  assert.notDeepEqual(first!.rows, second!.rows);
});

function file(...lines: string[]): string {
  return ['name: drawn', 'limit: 40', 'steps:', ...lines.map((line) => `  - ${line}`), ''].join('\n');
}

test('a pipeline begins with it: rows come from `limit` alone, and the values of a table are part of its identity', async () => {
  const path = join(temporaryFolder(), 'p.jsonl');
  const text = file(
    `sample: { columns: { level: { list: [x, y] } }, tables: [{ path: ${path}, columns: { persona: string } }] }`,
  );
  writeFileSync(path, '{"persona":"a"}\n{"persona":"b"}\n');
  const plan = await checkText(text);
  const { batches, totals } = await runInMemory(plan, {});
  assert.equal(totals.kept, 40);
  assert.deepEqual(
    batches[0]!.schema.fields.map(({ name }) => name),
    ['seq', 'level', 'persona'],
  );
  writeFileSync(path, '{"persona":"a"}\n{"persona":"c"}\n');
  const changed = await checkText(text);
  assert.notEqual(changed.identity, plan.identity);
  assert.notDeepEqual(changed.stepFingerprints, plan.stepFingerprints);
  const roomier = await checkText(text.replace('sample: {', 'sample: { memoryMiB: 9,'));
  assert.equal(roomier.identity, changed.identity);
});

const MISTAKES: [why: string, step: string, place: string | undefined, message: RegExp][] = [
  ['nothing to draw', '{}', 'steps.0.sample', /at least one column/],
  ['an empty list', '{ columns: { a: { list: [] } } }', 'steps.0.sample.columns.a.list', /expected/],
  ['a mixed list', '{ columns: { a: { list: [x, 1] } } }', 'steps.0.sample.columns.a.list', /of one kind/],
  [
    'two ways at once',
    '{ columns: { a: { list: [x], integers: [1, 2] } } }',
    'steps.0.sample.columns.a',
    /list and integers/,
  ],
  [
    'too few weights',
    '{ columns: { a: { list: [x, y], weights: [1] } } }',
    'steps.0.sample.columns.a.weights',
    /1 weights for a list of 2/,
  ],
  [
    'weights of 0',
    '{ columns: { a: { list: [x, y], weights: [0, 0] } } }',
    'steps.0.sample.columns.a.weights',
    /nothing but 0/,
  ],
  [
    'a range upside down',
    '{ columns: { a: { integers: [2, 1] } } }',
    'steps.0.sample.columns.a.integers',
    /smaller number first/,
  ],
  [
    'decimals of a list',
    '{ columns: { a: { list: [x], decimals: 2 } } }',
    'steps.0.sample.columns.a.decimals',
    /without/,
  ],
  [
    'lists by no column',
    '{ columns: { a: { list: [x], lists: { x: [1] } } } }',
    'steps.0.sample.columns.a.lists',
    /together/,
  ],
  [
    'a value without a list',
    '{ columns: { a: { list: [x, z] }, b: { byColumn: a, lists: { x: [1] } } } }',
    'steps.0.sample.columns.b.lists',
    /no list for "z"/,
  ],
  [
    'a column drawn later',
    '{ columns: { b: { byColumn: a, lists: { x: [1] } }, a: { list: [x] } } }',
    'steps.0.sample.columns.b.byColumn',
    /drawn after b/,
  ],
  [
    'a column nobody writes',
    '{ columns: { b: { byColumn: a, lists: { x: [1] } } } }',
    undefined,
    /reads the column "a", which no step before it writes/,
  ],
  [
    'a condition on one',
    '{ tables: [{ path: TABLE, columns: { persona: string }, where: { level: persona } }] }',
    undefined,
    /reads the column "level"/,
  ],
  ['the name of the row’s identity', '{ columns: { seq: { list: [x] } } }', undefined, /not to be written/],
  [
    'one name twice',
    '{ columns: { persona: { list: [x] } }, tables: [{ path: TABLE, columns: { persona: string } }] }',
    'steps.0.sample.tables.0.columns.persona',
    /drawn before it/,
  ],
  [
    'no such file',
    '{ tables: [{ path: none.jsonl, columns: { persona: string } }] }',
    'steps.0.sample.tables.0.path',
    /nothing is there/,
  ],
  [
    'a table without the column',
    '{ tables: [{ path: TABLE, columns: { name: string } }] }',
    'steps.0.sample.tables.0.columns.name',
    /name/,
  ],
  [
    'without the weights',
    '{ tables: [{ path: TABLE, columns: { persona: string }, weight: w }] }',
    'steps.0.sample.tables.0.weight',
    /w/,
  ],
  [
    'a table with too few rows',
    '{ tables: [{ path: TABLE, columns: { persona: string }, n: 3, as: all }] }',
    'steps.0.sample.tables.0.path',
    /found 2 rows/,
  ],
  [
    'rows without a name',
    '{ tables: [{ path: TABLE, columns: { persona: string }, n: 2 }] }',
    'steps.0.sample.tables.0.n',
    /together/,
  ],
];

for (const [why, step, key, message] of MISTAKES) {
  test(`the check finds ${why}`, async () => {
    const path = join(temporaryFolder(), 'p.csv');
    writeFileSync(path, 'persona,age\na,1\nb,2\n');
    const problems = await problemsOf(file(`sample: ${step.replace('TABLE', path)}`));
    assert.equal(problems.length, 1, problems.map((each) => each.message).join('\n'));
    assert.match(problems[0]!.message, message);
    if (key) assert.equal(problems[0]!.at!.key, key);
  });
}

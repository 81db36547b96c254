import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ExecuteRequest } from '../../src/backends/model.js';
import { ScaleQuestError } from '../../src/errors.js';
import { runTests } from '../../src/operators/runTests.js';
import { type Input, contextOf, lostTexts, runOperator } from '../helpers/runs/runOperator.js';
import { scriptedModel } from '../helpers/scriptedModel.js';

const BLOCK = '```';
const of = (code: string): string => `Here it is:\n${BLOCK}python\n${code}\n${BLOCK}\nDone.`;

/** Passes an assert that stands in the program, and prints an input after the program. */
function echo(asked: ExecuteRequest[] = []) {
  return scriptedModel(
    {
      execute(request) {
        asked.push(request);
        const { program, tests } = request;
        if (tests.kind === 'inputs')
          return tests.inputs.map((text) => ({ isOk: true, text: `${program}${text}\n` }));
        return tests.asserts.map((assert) => {
          const isOk = program.includes(assert);
          return { isOk, text: isOk ? '' : `${assert} failed` };
        });
      },
    },
    'sandbox',
  );
}

const INPUT: Input = {
  columns: { responses: 'list<string>', tests: 'list<string>' },
  rows: [
    {
      responses: [of('a b'), of('a'), 'no code', `<think>${of('a b')}</think>${of('c')}`],
      tests: ['a', 'b'],
    },
    { responses: [`${of('a')}${of('b')}`], tests: ['a', 'b'] },
    { responses: [], tests: ['a'] },
    { responses: [of('a')], tests: [] },
  ],
};

test('each program is judged by the share of tests it passes, with its first fault', async () => {
  const asked: ExecuteRequest[] = [];
  const operator = runTests(
    { sandbox: 'sandbox', cpuSecondsMax: 3, memoryMiB: 128 },
    contextOf([echo(asked)]),
  );
  const output = await runOperator(operator, INPUT);
  assert.deepEqual(
    output.rows.map(({ corrects, testShares }) => [corrects, testShares]),
    [
      [
        [true, false, false, false],
        [1, 0.5, 0, 0],
      ],
      [[false], [0.5]],
      [[], []],
    ],
  );
  assert.deepEqual(output.rows[0]!['testFaults'], [
    '',
    'test 2 of 2: b failed',
    'the response has no closed block of python',
    'test 1 of 2: a failed',
  ]);
  assert.deepEqual(lostTexts(output), ['3 rejected ROW_VALUE_MISSING']);
  const { seq: _seq, step: _step, ...request } = asked.find((one) => one.seq === 0)!;
  assert.deepEqual(request, {
    ...{ language: 'python', program: 'a b', cpuSeconds: 3, memoryMiB: 128 },
    tests: { kind: 'asserts', asserts: ['a', 'b'] },
  });
});

test('shareMin drops questions whose best response passes too few; the first block or the whole text by option', async () => {
  const run = async (options: object) =>
    runOperator(runTests({ sandbox: 'sandbox', ...options }, contextOf([echo()])), INPUT);
  assert.deepEqual(lostTexts(await run({ shareMin: 0.6 })), [
    '1 dropped testsFailed',
    '2 dropped testsFailed',
    '3 rejected ROW_VALUE_MISSING',
  ]);
  const [lost] = (await run({ shareMin: 0.6 })).lost;
  assert.match(lost!.message, /^test \d of \d: .* failed; best share 0\.5000$/);
  const first = await run({ extract: 'firstBlock' });
  assert.deepEqual(first.rows[1]!['testFaults'], ['test 2 of 2: b failed']);
  const whole = await run({ extract: 'whole' });
  assert.deepEqual(whole.rows[1]!['testShares'], [1]);
});

test('with pairs what is printed is compared, but for white space at ends of lines', async () => {
  const rows = [
    { response: of('1'), tests: ['2', '3 '], outputs: ['12\n\n', '13'] },
    { response: of('1'), tests: ['2'], outputs: ['1 2'] },
    { response: of('1'), tests: ['2'], outputs: [] },
  ];
  const columns = { response: 'string', tests: 'list<string>', outputs: 'list<string>' } as const;
  const options = { sandbox: 'sandbox', of: 'response', tests: 'pairs' } as const;
  const output = await runOperator(runTests(options, contextOf([echo()])), { columns, rows });
  assert.deepEqual(
    output.rows.map(({ correct, testShare, testFault }) => [correct, testShare, testFault]),
    [
      [true, 1, ''],
      [false, 0, 'test 1 of 1: printed "12", expected "1 2"'],
    ],
  );
  assert.deepEqual(lostTexts(output), ['2 rejected ROW_LISTS_DIFFER']);
});

test('a text of asserts is one test', async () => {
  const columns = { responses: 'list<string>', tests: 'string' } as const;
  const rows = [
    { responses: [of('a')], tests: 'a' },
    { responses: [of('a')], tests: ' ' },
  ];
  const operator = runTests({ sandbox: 'sandbox', tests: 'text' }, contextOf([echo()]));
  const output = await runOperator(operator, { columns, rows });
  assert.deepEqual(output.rows[0]!['testShares'], [1]);
  assert.deepEqual(lostTexts(output), ['1 rejected ROW_VALUE_MISSING']);
});

test('a sandbox that fails ends the stream, and is no failed test', async () => {
  const broken = scriptedModel(
    {
      execute() {
        throw new ScaleQuestError('ERR_SANDBOX', 'gone');
      },
    },
    'sandbox',
  );
  const operator = runTests({ sandbox: 'sandbox' }, contextOf([broken]));
  await assert.rejects(runOperator(operator, INPUT), { code: 'ERR_SANDBOX' });
});

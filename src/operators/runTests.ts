import { z } from 'zod';
import type { Column, ColumnValue } from '../arrow/columnType.js';
import type { ProgramTests, TestRun } from '../backends/model.js';
import { RowError, allOfRow } from '../errors.js';
import type { BatchOperator } from '../flow/batch.js';
import type { ColumnNamed, ColumnTypes, Row } from '../flow/steps/columnTypes.js';
import { mapRows } from '../flow/steps/mapRows.js';
import { drop, keep } from '../flow/steps/outcome.js';
import { afterThought } from '../text/afterThought.js';
import { blocksIn } from '../text/codeBlocks.js';
import { defineSpec, ROWWISE, type RunContext, parseOptions, modelOf, shapeOf } from './lib/operator.js';

const options = z.strictObject({
  sandbox: z
    .string()
    .describe('A name from `models`: where programs run, a model of kind bubblewrap or sandboxFusion.'),
  of: z
    .enum(['responses', 'response'])
    .default('responses')
    .describe(
      'Whose programs are run: those of each of `responses`, or of the one `response` that keepBest kept.',
    ),
  tests: z
    .enum(['list', 'text', 'pairs'])
    .default('list')
    .describe(
      '`list`: a column of asserts in Python, each a test. `text`: one text of asserts, which is one test. `pairs`: a column of ' +
        'standard inputs, and one of what must be printed for each.',
    ),
  testsColumn: z
    .string()
    .default('tests')
    .describe('The column of asserts; with `pairs`, of standard inputs.'),
  outputsColumn: z
    .string()
    .default('outputs')
    .describe(
      'With `pairs`: the column with what must be printed for each input. White space at ends of lines does not count.',
    ),
  language: z
    .string()
    .regex(/^[A-Za-z][\w+#-]*$/, 'expected the name of a language, as python or cpp')
    .default('python')
    .describe(
      'The language of the programs; another than `python` needs `pairs`, and a sandboxFusion server that has it.',
    ),
  extract: z
    .enum(['lastBlock', 'firstBlock', 'whole'])
    .default('lastBlock')
    .describe(
      'Where the program stands: the last or first fenced block in its language, or the whole response.',
    ),
  cpuSecondsMax: z
    .int()
    .min(1)
    .max(3600)
    .default(10)
    .describe(
      'The most CPU time of a program, in seconds: for all its asserts together, or for each input. It may last three times as long ' +
        'by the clock; time that the machine gave to others does not count.',
    ),
  memoryMiB: z
    .int()
    .min(64)
    .max(1_048_576)
    .default(512)
    .describe('The most memory of a program with all its processes, in MiB.'),
  shareMin: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .describe('Drop a question whose best response passes a smaller share of the tests.'),
});

/** Options of `runTests`. */
export interface RunTestsOptions<
  Of extends 'responses' | 'response' = 'responses' | 'response',
  Tests extends 'list' | 'text' | 'pairs' = 'list' | 'text' | 'pairs',
  Name extends string = string,
> {
  /** A name from `models`: where programs run, a model of kind bubblewrap or sandboxFusion. */
  sandbox: string;
  /**
   * Whose programs are run: those of each of `responses`, or of the one `response` that keepBest kept.
   *
   * @default "responses"
   */
  of?: Of;
  /**
   * `list`: a column of asserts in Python, each a test. `text`: one text of asserts, which is one test. `pairs`: a column of
   * standard inputs, and one of what must be printed for each.
   *
   * @default "list"
   */
  tests?: Tests;
  /**
   * The column of asserts; with `pairs`, of standard inputs.
   *
   * @default "tests"
   */
  testsColumn?: Name;
  /**
   * With `pairs`: the column with what must be printed for each input. White space at ends of lines does not count.
   *
   * @default "outputs"
   */
  outputsColumn?: string;
  /**
   * The language of the programs; another than `python` needs `pairs`, and a sandboxFusion server that has it.
   *
   * @default "python"
   */
  language?: string;
  /**
   * Where the program stands: the last or first fenced block in its language, or the whole response.
   *
   * @default "lastBlock"
   */
  extract?: 'lastBlock' | 'firstBlock' | 'whole';
  /**
   * The most CPU time of a program, in seconds: for all its asserts together, or for each input. It may last three times as
   * long by the clock; time that the machine gave to others does not count.
   *
   * @default 10
   */
  cpuSecondsMax?: number;
  /**
   * The most memory of a program with all its processes, in MiB.
   *
   * @default 512
   */
  memoryMiB?: number;
  /** Drop a question whose best response passes a smaller share of the tests. */
  shareMin?: number;
}

/** Whose programs are run, and the tests. */
export type TestedColumns<Of, Tests, Name extends string> = (Of extends 'response'
  ? { response: string }
  : { responses: readonly string[] }) &
  ColumnNamed<Name, Tests extends 'text' ? string : readonly string[]>;

/** What tests add. */
export type TestColumns<Of> = Of extends 'response'
  ? { correct: boolean; testShare: number; testFault: string }
  : { corrects: readonly boolean[]; testShares: readonly number[]; testFaults: readonly string[] };

const OF_RESPONSES: Column[] = [
  { name: 'corrects', type: 'list<bool>', help: 'Whether the program of each response passes all tests.' },
  { name: 'testShares', type: 'list<float64>', help: 'The share of the tests that each passes, 0 to 1.' },
  {
    name: 'testFaults',
    type: 'list<string>',
    help: 'What went wrong at the first test that each fails; empty where none.',
  },
];

const OF_RESPONSE: Column[] = [
  { name: 'correct', type: 'bool', help: 'Whether the response’s program passes all tests.' },
  { name: 'testShare', type: 'float64', help: 'The share of the tests that it passes, 0 to 1.' },
  {
    name: 'testFault',
    type: 'string',
    help: 'What went wrong at the first test that it fails; empty if none.',
  },
];

export const runTestsSpec = defineSpec({
  name: 'runTests',
  summary: 'Runs the program in each response against tests, in a sandbox.',
  details:
    'The program is the last code block of a response, without its thought. Asserts are judged in a process of their own, which ' +
    'calls the program’s functions in another one and gets plain values back: a program cannot print, return or patch its way ' +
    'to a verdict (docs/security.md). In asserts the names of Python itself mean Python’s own, and `__name__` is not `__main__`. ' +
    'A program that ends, or goes beyond a limit, fails the tests that are left. With `pairs` it is run anew for each input, and ' +
    'what it prints is compared. A deterministic program passes the same tests each time; a sandbox that cannot be started is tried ' +
    'again and then ends the run, and a program for which the machine had no time loses its row: neither is a failed test. ' +
    '`keepBest` can choose by `testShares`, and `measureAccuracy` reads `corrects` for pass@k.',
  options,
  reads: ({ of, tests, testsColumn, outputsColumn }): ColumnTypes => ({
    ...(of === 'response' ? { response: 'string' } : { responses: 'list<string>' }),
    [testsColumn]: tests === 'text' ? 'string' : 'list<string>',
    ...(tests === 'pairs' ? { [outputsColumn]: 'list<string>' } : {}),
  }),
  writes: ({ of }) => (of === 'response' ? OF_RESPONSE : OF_RESPONSES),
  models: ({ sandbox }) => [{ model: sandbox, needs: 'execute', at: ['sandbox'] }],
  drops: { testsFailed: 'the best share of passed tests is below `shareMin`' },
  contract: ROWWISE,
  isRowwise: true,
  exampleModels: ['sandbox: { bubblewrap: { slots: 2 } }'],
  source:
    '{ jsonl: { path: benchmarks/programs.jsonl, columns: { question: string, tests: list<string> } } }',
  example: `- respond: { model: tiny, n: 2, tokensMax: 96, keepUnfinished: true }
- runTests: { sandbox: sandbox, cpuSecondsMax: 5 }`,
  operator: runTests,
});

/**
 * Runs the program in each response against tests, in a sandbox.
 *
 * Reads `responses` and a column of tests, and writes `corrects`, `testShares` and `testFaults`, one item a response; with
 * `of: 'response'` it reads `response` and writes `correct`, `testShare` and `testFault`. Drops as `testsFailed`.
 *
 * @param input - The options; each has its meaning and default in the interface.
 * @param context - Seed, models and prompts of the run: see `createContext`.
 * @throws ScaleQuestError: ERR_PIPELINE_INVALID for options that do not fit. The stream ends with ERR_PIPELINE_COLUMN if a
 * column that it reads does not reach it, and with ERR_SANDBOX if no program can be isolated.
 * @example
 * source.pipe(respond({ model: 'tiny' }, context), runTests({ sandbox: 'sandbox', shareMin: 1 }, context));
 */
export function runTests<
  const Of extends 'responses' | 'response' = 'responses',
  const Tests extends 'list' | 'text' | 'pairs' = 'list',
  const Name extends string = 'tests',
>(
  input: RunTestsOptions<Of, Tests, Name>,
  context: RunContext,
): BatchOperator<TestedColumns<Of, Tests, Name>, TestColumns<Of>> {
  const parsed = parseOptions('runTests', options, input);
  const { sandbox, of, language, cpuSecondsMax: cpuSeconds, memoryMiB, shareMin } = parsed;

  async function tested(row: Row, program: string | null, suite: Suite): Promise<Verdict> {
    if (program === null) return { share: 0, fault: `the response has no closed block of ${language}` };
    const ask = { seq: row.seq, language, program, tests: suite.tests, cpuSeconds, memoryMiB };
    return verdictOf(await modelOf(context, sandbox).execute(ask), suite.expected);
  }

  // The compiler does not follow columns whose names the options decide; test/types does.
  const testing: BatchOperator = mapRows(shapeOf(runTestsSpec, parsed, context), async (row) => {
    const suite = suiteOf(row, parsed);
    const responses = of === 'response' ? [row['response'] as string] : (row['responses'] as string[]);
    const programs = responses.map((response) => programOf(response, parsed));
    const verdicts = await allOfRow(programs.map((program) => tested(row, program, suite)));
    const best = Math.max(0, ...verdicts.map(({ share }) => share));
    if (shareMin !== undefined && best < shareMin) {
      const at = verdicts.findIndex(({ share }) => share === best);
      const fault = verdicts[at]?.fault ?? 'no program';
      return drop('testsFailed', `${fault}; best share ${best.toFixed(4)}`, responses[at]);
    }
    return keep(of === 'response' ? single(verdicts[0]!) : columnsOf(verdicts));
  });
  return testing;
}

/** The tests of a row; `expected` is what must be printed for each input. */
interface Suite {
  tests: ProgramTests;
  expected: readonly string[] | null;
}

function suiteOf(row: Row, { tests, testsColumn, outputsColumn }: z.output<typeof options>): Suite {
  const given = row[testsColumn];
  const items = typeof given === 'string' ? [given] : (given as string[]);
  if (items.length === 0 || (tests === 'text' && items[0]!.trim() === ''))
    throw new RowError('ROW_VALUE_MISSING', `the row has no tests in its column "${testsColumn}"`);
  if (tests !== 'pairs') return { tests: { kind: 'asserts', asserts: items }, expected: null };
  const expected = row[outputsColumn] as string[];
  if (expected.length === items.length) return { tests: { kind: 'inputs', inputs: items }, expected };
  throw new RowError(
    'ROW_LISTS_DIFFER',
    `found ${items.length} inputs in "${testsColumn}" and ${expected.length} outputs in "${outputsColumn}", expected as many of each`,
  );
}

function programOf(response: string, { extract, language }: z.output<typeof options>): string | null {
  const text = afterThought(response);
  if (extract === 'whole') return text;
  const blocks = blocksIn(text, language);
  return blocks.at(extract === 'firstBlock' ? 0 : -1)?.code ?? null;
}

interface Verdict {
  share: number;
  fault: string;
}

function verdictOf(runs: readonly TestRun[], expected: readonly string[] | null): Verdict {
  const faults = runs.map((run, at) => faultOf(run, expected?.[at]));
  const first = faults.findIndex((fault) => fault !== null);
  const passed = faults.filter((fault) => fault === null).length;
  const fault = first < 0 ? '' : `test ${first + 1} of ${runs.length}: ${faults[first]}`;
  return { share: passed / runs.length, fault };
}

/** What went wrong; null if nothing did. */
function faultOf({ isOk, text }: TestRun, expected: string | undefined): string | null {
  if (!isOk) return text;
  if (expected === undefined || printedText(text) === printedText(expected)) return null;
  return `printed ${shown(text)}, expected ${shown(expected)}`;
}

/** Without white space at the ends of lines, and empty lines at the end. */
function printedText(text: string): string {
  const lines = text.split('\n').map((line) => line.trimEnd());
  return lines.join('\n').trimEnd();
}

function shown(text: string): string {
  const plain = text.trimEnd();
  return JSON.stringify(plain.length > 60 ? `${plain.slice(0, 60)}…` : plain);
}

function columnsOf(verdicts: readonly Verdict[]): Readonly<Record<string, ColumnValue>> {
  return {
    corrects: verdicts.map(({ share }) => share === 1),
    testShares: verdicts.map(({ share }) => share),
    testFaults: verdicts.map(({ fault }) => fault),
  };
}

function single({ share, fault }: Verdict): Readonly<Record<string, ColumnValue>> {
  return { correct: share === 1, testShare: share, testFault: fault };
}

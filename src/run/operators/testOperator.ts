import '../../flow/steps/loadStepStreams.js';
import { isDeepStrictEqual } from 'node:util';
import { from, lastValueFrom, toArray } from 'rxjs';
import { buildRows } from '../../arrow/build.js';
import { type Column, type ColumnType, type ColumnValue, SEQ_COLUMN } from '../../arrow/columnType.js';
import { columnValues } from '../../arrow/read.js';
import type { Model } from '../../backends/model.js';
import { ERROR_CODES, ScaleQuestError } from '../../errors.js';
import type { Batch } from '../../flow/batch.js';
import type { CommittedDeltas } from '../../flow/committedDeltas.js';
import { type LostRow, type StateDelta, isDelta, isLost } from '../../flow/rowEvents.js';
import type { OperatorSpec } from '../../operators/lib/operator.js';
import type { JsonSchema } from '../../operators/lib/structured/schemaColumns.js';
import { packageOperator } from '../../operators/lib/own/packageOperator.js';
import { createContext } from '../open/createContext.js';
import { type DescribedOperators, describeOperators, isCurrent } from './describeOperators.js';
import { type TestReplies, testModel } from './testModel.js';

/** What an operator is tested with. */
export interface OperatorTest {
  /** The operator; the only one of its folder or module if absent. */
  name?: string;
  /** Options as a pipeline file has them; those of its `example` if absent. */
  options?: Readonly<Record<string, unknown>>;
  /** Rows that come to it, with the columns that it reads. Some that it keeps and some that it loses show most. */
  rows: readonly Readonly<Record<string, ColumnValue>>[];
  /** Types of columns that it does not read but for the test, as of rows that pass. */
  columns?: Readonly<Record<string, ColumnType>>;
  /** The models that its options name, and what they reply. */
  models?: Readonly<Record<string, TestReplies>>;
  /** The seed of the run. */
  seed?: number;
}

/** What became of the rows. */
export interface TestedRows {
  /** The kept rows, in order, with their columns. */
  rows: Record<string, ColumnValue>[];
  /** The lost ones: dropped for a reason of the operator, or rejected with a code. */
  lost: Pick<LostRow, 'seq' | 'kind' | 'reason' | 'message'>[];
}

/**
 * Tests an operator of a folder or a module as scalequest tests its own, and gives what became of the rows, for tests of your own. Its
 * manifest is what its code says; its options, columns and reasons are described; what no option is called is refused; its rows are
 * decided alike in batches of every size and by a second run; each ends once, for a reason that is declared; and a run that goes on, at
 * whatever row, has the same rows.
 *
 * @throws ERR_OPERATOR_CONTRACT with all that does not hold, ERR_OPERATOR_LOAD, and ERR_PIPELINE_INVALID for options that do not fit.
 * @example
 * const { rows, lost } = await testOperator('./operators/shout', {
 *   options: { column: 'question', times: 2 },
 *   rows: [{ question: 'Why?' }, { question: '…' }],
 * });
 * assert.deepEqual(rows.map(({ loud }) => loud), ['WHY? WHY?']);
 * assert.deepEqual(lost.map(({ reason }) => reason), ['silent']);
 */
export async function testOperator(path: string, test: OperatorTest): Promise<TestedRows> {
  const described = await describeOperators(path);
  const name = nameOf(described, test.name);
  const trial = trialOf(path, described, name, test);
  const whole = await outcomeOf(trial, test.rows.length);
  const faults = [
    ...(isCurrent(described)
      ? []
      : [`${described.file} is not what the code says; run \`npx scalequest describe\``]),
    ...undescribedIn(described.manifest.operators[name]!.options, ''),
    ...strangeOption(trial),
    ...(await batchFaults(trial, whole)),
    ...endFaults(trial, whole),
    ...(await resumeFaults(trial, whole)),
  ];
  if (faults.length === 0) return { rows: whole.rows, lost: whole.lost.map(shownLost) };
  throw new ScaleQuestError('ERR_OPERATOR_CONTRACT', `${name} of ${path}:\n  ${faults.join('\n  ')}`);
}

/** An operator with all that it is tested with. */
interface Trial {
  spec: OperatorSpec;
  options: Readonly<Record<string, unknown>>;
  parsed: unknown;
  columns: readonly Column[];
  test: OperatorTest;
}

interface Outcome {
  rows: Record<string, ColumnValue>[];
  lost: LostRow[];
  deltas: StateDelta[];
}

function nameOf({ exports, file }: DescribedOperators, name: string | undefined): string {
  const names = [...exports.keys()];
  if (name !== undefined && exports.has(name)) return name;
  if (name === undefined && names.length === 1) return names[0]!;
  const found = name === undefined ? 'no `name`' : `"${name}"`;
  throw new ScaleQuestError(
    'ERR_OPERATOR_LOAD',
    `found ${found}, expected the name of an operator beside ${file}: ${names.join(', ')}`,
  );
}

function trialOf(
  from: string,
  { manifest, exports, file }: DescribedOperators,
  name: string,
  test: OperatorTest,
): Trial {
  const described = manifest.operators[name]!;
  const origin = { from, module: file, folder: null };
  const spec = packageOperator(name, described, origin, exports.get(name)!.definition);
  const options = test.options ?? described.example ?? {};
  const parsed = spec.options.safeParse(options);
  if (!parsed.success) {
    const mistakes = parsed.error.issues.map(
      (issue) => `${[name, ...issue.path].join('.')}: ${issue.message}`,
    );
    throw new ScaleQuestError('ERR_PIPELINE_INVALID', mistakes.join('; '));
  }
  const types = { ...test.columns, ...spec.reads(parsed.data) };
  const columns = Object.entries(types).map(([column, type]) => ({
    name: column,
    type,
    help: '',
    nullable: true,
  }));
  return { spec, options, parsed: parsed.data, columns, test };
}

/** The rows from `start` on, cut into batches. */
function batchesOf({ columns, test }: Trial, batchRows: number, start: number): Batch[] {
  const rows = test.rows.slice(start);
  const cuts = Array.from({ length: Math.ceil(rows.length / batchRows) }, (_, at) => at * batchRows);
  return cuts.map((lo) => {
    const cut = rows.slice(lo, lo + batchRows);
    const seqs = cut.map((_, at) => start + lo + at);
    const values = columns.map(({ name }) => cut.map((row) => row[name] ?? null));
    const built = buildRows([SEQ_COLUMN, ...columns], [seqs, ...values], cut.length);
    return { lo: start + lo, hi: start + lo + cut.length, rows: built, events: [] };
  });
}

async function outcomeOf(
  trial: Trial,
  batchRows: number,
  from_ = 0,
  restored?: CommittedDeltas,
): Promise<Outcome> {
  const { spec, options, test } = trial;
  const models = Object.entries(test.models ?? {}).map(([name, replies]): [string, Model] => [
    name,
    testModel(name, replies),
  ]);
  const context = createContext({
    seed: test.seed ?? 1,
    models: Object.fromEntries(models),
    step: spec.name,
    ...(restored ? { restored: () => restored } : {}),
  });
  const batches = batchesOf(trial, Math.max(1, batchRows), from_);
  if (batches.length === 0) return { rows: [], lost: [], deltas: [] };
  const out = await lastValueFrom(from(batches).pipe(spec.operator(options, context), toArray()));
  const events = out.flatMap((batch) => batch.events);
  return {
    rows: out.flatMap(plainRows),
    lost: events.filter(isLost),
    deltas: events.filter(isDelta),
  };
}

function plainRows({ rows }: Batch): Record<string, ColumnValue>[] {
  const names = rows.schema.fields.map(({ name }) => name);
  const columns = names.map((name) => columnValues(rows, name));
  return Array.from({ length: rows.numRows }, (_, row) =>
    Object.fromEntries(names.map((name, at) => [name, columns[at]![row]!])),
  );
}

function shownLost({ seq, kind, reason, message }: LostRow): TestedRows['lost'][number] {
  return { seq, kind, reason, message };
}

/** Options without a `description`, which editors and `scalequest steps` show. */
function undescribedIn({ properties }: JsonSchema, path: string): string[] {
  return Object.entries((properties ?? {}) as Record<string, JsonSchema>).flatMap(([key, option]) => [
    ...(option['description'] ? [] : [`the option ${path}${key} has no description`]),
    ...undescribedIn(option, `${path}${key}.`),
  ]);
}

function strangeOption({ spec, options }: Trial): string[] {
  const isTaken = spec.options.safeParse({ ...options, noSuchOption: 1 }).success;
  return isTaken
    ? ['an option that it does not have is ignored, expected a mistake: use a strict schema']
    : [];
}

async function batchFaults(trial: Trial, whole: Outcome): Promise<string[]> {
  const faults: string[] = [];
  for (const batchRows of [1, 2, 3, trial.test.rows.length]) {
    const other = await outcomeOf(trial, batchRows);
    const difference = differenceOf(whole, other);
    if (difference !== null)
      faults.push(`in batches of ${batchRows} rows it decides otherwise: ${difference}`);
  }
  return faults;
}

function endFaults({ spec, test }: Trial, { rows, lost }: Outcome): string[] {
  const ends = [...rows.map(({ seq }) => seq as number), ...lost.map(({ seq }) => seq)].sort((a, b) => a - b);
  const isEach = isDeepStrictEqual(ends, [...test.rows.keys()]);
  const undeclared = lost.filter(
    ({ kind, reason }) => !Object.hasOwn(kind === 'dropped' ? spec.drops : ERROR_CODES, reason),
  );
  return [
    ...(isEach ? [] : [`each row ends once, found the ends of the rows ${ends.join(', ')}`]),
    ...undeclared.map(({ seq, reason }) => `row ${seq} is lost for ${reason}, which is not declared`),
  ];
}

/** A run that goes on behind any row, with what was remembered before it, has the rows of one that was never ended. */
async function resumeFaults(trial: Trial, whole: Outcome): Promise<string[]> {
  const faults: string[] = [];
  for (const start of trial.test.rows.keys()) {
    const before = whole.deltas.filter(({ seq }) => seq < start);
    const rest = await outcomeOf(trial, 2, start, committed(before, start));
    const difference = differenceOf(behind(whole, start), rest);
    if (difference !== null)
      faults.push(`a run that goes on at row ${start} decides otherwise: ${difference}`);
  }
  return faults;
}

function behind({ rows, lost, deltas }: Outcome, start: number): Outcome {
  return {
    rows: rows.filter(({ seq }) => (seq as number) >= start),
    lost: lost.filter(({ seq }) => seq >= start),
    deltas: deltas.filter(({ seq }) => seq >= start),
  };
}

/** What commits of a run hold: deltas come back from JSON. */
function committed(deltas: readonly StateDelta[], upTo: number): CommittedDeltas {
  const kept = deltas.map(({ seq, value }) => ({ seq, value: JSON.parse(JSON.stringify(value)) as unknown }));
  return {
    upTo: () => upTo,
    countMax: () => kept.length,
    async *read(start, end) {
      yield kept.filter(({ seq }) => seq >= start && seq < end).map(({ value }) => value);
    },
  };
}

/** The first row that two outcomes have otherwise, in words; null where none. */
function differenceOf(one: Outcome, other: Outcome): string | null {
  const [a, b] = [endsOf(one), endsOf(other)];
  const at = [...new Set([...a.keys(), ...b.keys()])]
    .sort((x, y) => x - y)
    .find((seq) => a.get(seq) !== b.get(seq));
  return at === undefined ? null : `row ${at} is ${a.get(at) ?? 'nowhere'}, then ${b.get(at) ?? 'nowhere'}`;
}

function endsOf({ rows, lost, deltas }: Outcome): Map<number, string> {
  const shown = (value: unknown): string =>
    JSON.stringify(value, (_, each: unknown) => (typeof each === 'bigint' ? `${each}` : each)).slice(0, 500);
  const remembered = new Map(deltas.map(({ seq, value }) => [seq, ` and remembers ${shown(value)}`]));
  return new Map([
    ...rows.map((row): [number, string] => [
      row['seq'] as number,
      `kept as ${shown(row)}${remembered.get(row['seq'] as number) ?? ''}`,
    ]),
    ...lost.map(({ seq, kind, reason, message }): [number, string] => [
      seq,
      `${kind} (${reason}: ${message})${remembered.get(seq) ?? ''}`,
    ]),
  ]);
}

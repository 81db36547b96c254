import type { RecordBatch } from 'apache-arrow';
import { joinColumns, selectColumns } from '../../arrow/columns.js';
import { concatRows } from '../../arrow/concat.js';
import { takeRows } from '../../arrow/take.js';
import { ScaleQuestError } from '../../errors.js';
import type { ReadRows, Replay } from '../gate.js';
import { type StepResult, type StepState, replayed } from './stepResult.js';
import { NO_LINK, type StepResultRecord } from './stepResultBytes.js';

export interface ReplayDeps {
  /** The source. It is read even where results are replayed, because they refer to its rows, and the read goes on behind them. */
  read: ReadRows;
  /** The cached result of the step on the segment that begins at `lo`, whichever run stored it; null for none. */
  record(lo: number, step: number): StepResultRecord | null;
  /** The state of the step, if it is stateful, after the rows that have reached it. */
  state(step: number): StepState | undefined;
  /** The run's first source position. */
  from: number;
  /** Number of steps of the pipeline. */
  stepsInAll: number;
  onReplayed?: (step: number, result: StepResult) => void;
}

/** Makes batches from cached step results instead of running the steps. */
export function replayStepResults(deps: ReplayDeps): Replay {
  const { read, stepsInAll, onReplayed } = deps;
  let found: { lo: number; records: readonly StepResultRecord[] } = { lo: -1, records: [] };

  function recordsAt(lo: number): readonly StepResultRecord[] {
    if (found.lo !== lo) found = { lo, records: findRecords(deps, lo) };
    return found.records;
  }

  return {
    async find(lo, rowsMax) {
      const records = recordsAt(lo);
      const rows = records[0]?.result.rowsIn ?? 0;
      if (records.length === 0 || rows > rowsMax) return null;
      const { count, isTooEarly } = await countValid(deps, lo, records);
      if (isTooEarly) return 'tooEarly';
      return count === 0 ? null : { rows, isComplete: count === stepsInAll };
    },
    async read(lo) {
      const { count } = await countValid(deps, lo, recordsAt(lo));
      const records = recordsAt(lo).slice(0, count);
      const results = records.map(({ result }) => result);
      const source = await readRows(read, lo, results[0]!.rowsIn);
      for (const [step, each] of results.entries()) onReplayed?.(step, each);
      return {
        ...{ lo, hi: lo + source.numRows },
        rows: applyStepResults(source, results),
        events: results.flatMap(({ events }) => events),
        stepResults: records.map(({ link }) => replayed(link)),
      };
    },
  };
}

/** Records of the first steps, as far as each one links to the one before: a later one may come from another run. */
function findRecords({ record, stepsInAll }: ReplayDeps, lo: number): StepResultRecord[] {
  const records: StepResultRecord[] = [];
  while (records.length < stepsInAll) {
    const next = record(lo, records.length);
    if (next?.after !== (records.at(-1)?.link ?? NO_LINK)) break;
    records.push(next);
  }
  return records;
}

/**
 * How many of the records hold in this run: all up to a stateful step whose state was another one. `isTooEarly` where that
 * cannot be told, because the rows before `lo` have not reached the step yet.
 */
async function countValid(
  { state, from }: ReplayDeps,
  lo: number,
  records: readonly StepResultRecord[],
): Promise<{ count: number; isTooEarly: boolean }> {
  for (const [step, { result }] of records.entries()) {
    if (result.stateBefore === undefined) continue;
    const { upTo, hash } = state(step) ?? { upTo: lo, hash: '' };
    if ((upTo ?? from) !== lo) return { count: step, isTooEarly: true };
    if ((await hash) !== result.stateBefore) return { count: step, isTooEarly: false };
  }
  return { count: records.length, isTooEarly: false };
}

async function readRows(read: ReadRows, lo: number, count: number): Promise<RecordBatch> {
  const parts: RecordBatch[] = [];
  let rows = 0;
  while (rows < count) {
    const part = await read(lo + rows, count - rows);
    if (part === null || part.numRows === 0) throw sourceEnded(lo + rows, lo + count);
    parts.push(part);
    rows += part.numRows;
  }
  return concatRows(parts);
}

/** The rows that come out of the last step. Each column is copied once, however many steps its rows have passed. */
export function applyStepResults(source: RecordBatch, results: readonly StepResult[]): RecordBatch {
  const lastWriters = new Map(namesOf(source).map((name) => [name, -1]));
  for (const [step, { written }] of results.entries()) {
    for (const name of written ? namesOf(written) : []) lastWriters.set(name, step);
  }
  const takeOwn = (rows: RecordBatch, step: number, indices: readonly number[]): RecordBatch =>
    takeRows(
      selectColumns(
        rows,
        namesOf(rows).filter((name) => lastWriters.get(name) === step),
      ),
      indices,
    );
  let indices: readonly number[] = (results.at(-1)?.from ?? []).map((_, at) => at);
  const parts: RecordBatch[] = [];
  for (let step = results.length - 1; step >= 0; step--) {
    const { written, from } = results[step]!;
    if (written) parts.unshift(takeOwn(written, step, indices));
    indices = indices.map((index) => from[index]!);
  }
  const rows = joinColumns([takeOwn(source, -1, indices), ...parts]);
  // A column stands where it was first written.
  return selectColumns(rows, [...lastWriters.keys()]);
}

function namesOf({ schema }: RecordBatch): string[] {
  return schema.fields.map(({ name }) => name);
}

function sourceEnded(found: number, expected: number): ScaleQuestError {
  return new ScaleQuestError(
    'ERR_DATA_INVALID',
    `the source ended at row ${found}, expected the rows up to ${expected} whose step results the store has from an ` +
      'earlier run of the same source: one of its files changed while it was read. Start the run again.',
  );
}

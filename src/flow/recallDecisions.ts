import type { RecordBatch } from 'apache-arrow';
import { joinColumns, selectColumns } from '../arrow/columns.js';
import { concatRows } from '../arrow/concat.js';
import { takeRows } from '../arrow/take.js';
import { ScaleQuestError } from '../errors.js';
import { type Decision, type Memory, recalled } from './decision.js';
import { type DecisionRecord, NO_LINK } from './decisionBytes.js';
import type { ReadRows, Recall } from './gate.js';

export interface RecallDeps {
  /** The source, which each position is read of all the same: a file goes on behind them. */
  read: ReadRows;
  /** What was kept of the step and the stretch that begins at `lo`, whoever kept it; null for nothing. */
  record(lo: number, step: number): DecisionRecord | null;
  /** Of the step, if it has any; as far as its rows have come. */
  memory(step: number): Memory | undefined;
  /** Where the run began. */
  from: number;
  /** Of the pipeline. */
  stepsInAll: number;
  onRecalled?: (step: number, decision: Decision) => void;
}

/** Makes batches of stretches from the decisions that were kept of them. */
export function recallDecisions(deps: RecallDeps): Recall {
  const { read, stepsInAll, onRecalled } = deps;
  let found: { lo: number; records: readonly DecisionRecord[] } = { lo: -1, records: [] };

  function recordsAt(lo: number): readonly DecisionRecord[] {
    if (found.lo !== lo) found = { lo, records: findRecords(deps, lo) };
    return found.records;
  }

  return {
    find(lo, rowsMax) {
      const records = recordsAt(lo);
      const rows = records[0]?.decision.rowsIn ?? 0;
      if (records.length === 0 || rows > rowsMax) return null;
      const { count, isEarly } = countFitting(deps, lo, records);
      if (isEarly) return 'early';
      return count === 0 ? null : { rows, isWhole: count === stepsInAll };
    },
    async read(lo) {
      const records = recordsAt(lo).slice(0, countFitting(deps, lo, recordsAt(lo)).count);
      const decisions = records.map(({ decision }) => decision);
      const source = await readRows(read, lo, decisions[0]!.rowsIn);
      for (const [step, each] of decisions.entries()) onRecalled?.(step, each);
      return {
        ...{ lo, hi: lo + source.numRows },
        rows: applyDecisions(source, decisions),
        side: decisions.flatMap(({ side }) => side),
        decided: records.map(({ link }) => recalled(link)),
      };
    },
  };
}

/** Of the first steps, as far as each is about what the one before decided: a later one may have been left by another run. */
function findRecords({ record, stepsInAll }: RecallDeps, lo: number): DecisionRecord[] {
  const records: DecisionRecord[] = [];
  while (records.length < stepsInAll) {
    const next = record(lo, records.length);
    if (next?.after !== (records.at(-1)?.link ?? NO_LINK)) break;
    records.push(next);
  }
  return records;
}

/**
 * How many of them this run would decide likewise: all up to a step with memory that had learnt otherwise before. `isEarly` where
 * that cannot be told, as rows that are to be decided have not come to it yet.
 */
function countFitting(
  { memory, from }: RecallDeps,
  lo: number,
  records: readonly DecisionRecord[],
): { count: number; isEarly: boolean } {
  for (const [step, { decision }] of records.entries()) {
    if (decision.learnt === undefined) continue;
    const { upTo, learnt } = memory(step) ?? { upTo: lo, learnt: '' };
    if ((upTo ?? from) !== lo) return { count: step, isEarly: true };
    if (learnt !== decision.learnt) return { count: step, isEarly: false };
  }
  return { count: records.length, isEarly: false };
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

/** The rows that come out of the last step; each column is copied once, however many steps its rows have passed. */
function applyDecisions(source: RecordBatch, decisions: readonly Decision[]): RecordBatch {
  const lastWriters = new Map(namesOf(source).map((name) => [name, -1]));
  for (const [step, { written }] of decisions.entries()) {
    for (const name of written ? namesOf(written) : []) lastWriters.set(name, step);
  }
  const takeOwn = (rows: RecordBatch, step: number, places: readonly number[]): RecordBatch =>
    takeRows(
      selectColumns(
        rows,
        namesOf(rows).filter((name) => lastWriters.get(name) === step),
      ),
      places,
    );
  let places: readonly number[] = (decisions.at(-1)?.from ?? []).map((_, at) => at);
  const parts: RecordBatch[] = [];
  for (let step = decisions.length - 1; step >= 0; step--) {
    const { written, from } = decisions[step]!;
    if (written) parts.unshift(takeOwn(written, step, places));
    places = places.map((place) => from[place]!);
  }
  const rows = joinColumns([takeOwn(source, -1, places), ...parts]);
  // A column stands where it was first written.
  return selectColumns(rows, [...lastWriters.keys()]);
}

function namesOf({ schema }: RecordBatch): string[] {
  return schema.fields.map(({ name }) => name);
}

function sourceEnded(found: number, expected: number): ScaleQuestError {
  return new ScaleQuestError(
    'ERR_DATA_INVALID',
    `the source ended at row ${found}, expected the rows up to ${expected} that an earlier run of the same source ` +
      'has decided: a file of it was changed while it was read. Start the run again.',
  );
}

import type { RecordBatch } from 'apache-arrow';
import { joinColumns, selectColumns } from '../arrow/columns.js';
import { concatRows } from '../arrow/concat.js';
import { takeRows } from '../arrow/take.js';
import { ScaleQuestError } from '../errors.js';
import { type Decision, type History, RECALLED, countShared } from './decision.js';
import type { ReadRows, Recall } from './gate.js';

export interface RecallDeps {
  /** The source, which each position is read of all the same: a file goes on behind them. */
  read: ReadRows;
  /** Of how many steps, from the first on, the decisions on the stretch that begins at `lo` are known. */
  known(lo: number): number;
  /** What the step decided; the first `known(lo)` are there. */
  decision(lo: number, step: number): Decision;
  /** Of the pipeline. */
  stepsInAll: number;
  history: History;
  onRecalled?: (step: number, decision: Decision) => void;
}

/** Makes batches of stretches from the decisions that were kept of them. */
export function recallDecisions(deps: RecallDeps): Recall {
  const { read, stepsInAll, history, onRecalled } = deps;
  let found: { lo: number; decisions: readonly Decision[] } = { lo: -1, decisions: [] };

  function decisionsAt(lo: number): readonly Decision[] {
    if (found.lo !== lo) {
      const steps = Array.from({ length: deps.known(lo) }, (_, step) => step);
      found = { lo, decisions: steps.map((step) => deps.decision(lo, step)) };
    }
    return found.decisions.slice(0, countShared(found.decisions, history));
  }

  return {
    find(lo) {
      const decisions = decisionsAt(lo);
      if (decisions.length === 0) return null;
      return { rows: decisions[0]!.rowsIn, isWhole: decisions.length === stepsInAll };
    },
    async read(lo) {
      const decisions = decisionsAt(lo);
      const source = await readRows(read, lo, decisions[0]!.rowsIn);
      for (const [step, each] of decisions.entries()) onRecalled?.(step, each);
      return {
        ...{ lo, hi: lo + source.numRows },
        rows: applyDecisions(source, decisions),
        side: decisions.flatMap(({ side }) => side),
        decided: decisions.map(() => RECALLED),
      };
    },
  };
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

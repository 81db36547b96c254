import type { Column } from '../../arrow/columnType.js';
import { type Files, nodeFiles } from '../../io/files/files.js';
import type { FunnelStep } from '../report/report.js';
import { type SettingChange, settingChanges, whyNotComparable } from './comparable.js';
import { type DecidedPosition, type KeptValues, decidedPositions, keptRows } from './decidedPositions.js';
import { type Distribution, type DistributionOf, distributionOf } from './distribution.js';
import { type CommittedRows, readCommittedRows } from './readRun.js';
import { type RowsCompared, compareRows } from './rowComparison.js';

/** One of two runs that are compared. */
export interface DiffSide {
  /** The run folder. */
  folder: string;
  /** The name in the pipeline file. */
  name: string;
  /** The seed of the run. */
  seed: number;
  /** Whether the run has come to its end. */
  isComplete: boolean;
  /** Source positions that it has decided. */
  positions: number;
  /** Rows of its set. */
  kept: number;
  /** What became of the rows at each step. */
  funnel: FunnelStep[];
  /** Columns that the other set lacks. */
  ownColumns: string[];
}

/** The numbers of a column in both sets. */
export interface DistributionPair {
  /** The name of the column. */
  column: string;
  /** `value` of a number; `characters` of a text: its length. */
  of: 'value' | 'characters';
  /** In the first set; null where it has no number. */
  a: Distribution | null;
  /** In the second set; null where it has no number. */
  b: Distribution | null;
}

/** How a run differs from another. */
export interface RunDiff {
  /** The first run. */
  a: DiffSide;
  /** The second run. */
  b: DiffSide;
  /** Settings that differ, of those that decide rows. */
  settings: SettingChange[];
  /** The rows compared one by one; null where positions do not mean the same row. */
  rows: RowsCompared | null;
  /** Why rows could not be compared one by one, in sentences. */
  notCompared: string[];
  /** Numbers of columns that both sets have, over all rows of each. */
  distributions: DistributionPair[];
}

/** Options of `diffRuns`. */
export interface DiffRunsOptions {
  /**
   * Examples of each change.
   * @default 3
   */
  examples?: number;
}

/**
 * What the second run did otherwise than the first, row by row where equal positions are the same row. Both folders are read as
 * streams, with a row group of each in memory. Runs may be unfinished: then the rows that both have committed are compared.
 *
 * @throws ERR_RUN_FOLDER for a folder without a run, ERR_DATA_INVALID for a damaged file.
 * @example
 * const { rows } = await diffRuns('runs/quickstart', 'runs/quickstart-2');
 */
export async function diffRuns(
  a: string,
  b: string,
  { examples = 3 }: DiffRunsOptions = {},
  files: Files = nodeFiles,
): Promise<RunDiff> {
  const [own, other] = [await readCommittedRows(files, a), await readCommittedRows(files, b)];
  const notCompared = whyNotComparable(own, other);
  const columns = sharedColumns(own, other);
  const numbers = { a: numbersOf(columns), b: numbersOf(columns) };
  const rows =
    notCompared.length === 0
      ? await comparePositions(files, own, other, columns, numbers, examples)
      : await countOnly(files, own, other, columns, numbers);
  return {
    a: sideOf(own, other),
    b: sideOf(other, own),
    settings: settingChanges(own, other),
    ...{ rows, notCompared },
    distributions: numbers.a.results().map((pair, at) => ({ ...pair, b: numbers.b.results()[at]!.a })),
  };
}

function sideOf(run: CommittedRows, other: CommittedRows): DiffSide {
  const { folder, isComplete, positions, kept, funnel } = run;
  const names = new Set(other.columns.map(({ name }) => name));
  const ownColumns =
    other.kept === 0 ? [] : run.columns.map(({ name }) => name).filter((name) => !names.has(name));
  return { folder, name: run.run.name, seed: run.run.seed, isComplete, positions, kept, funnel, ownColumns };
}

const SEQ: Column = { name: 'seq', type: 'int32', help: '' };

/** Columns of one type in both, `seq` first. An empty set has none of its own. */
function sharedColumns(a: CommittedRows, b: CommittedRows): Column[] {
  const [one, other] = [a.columns.length > 0 ? a : b, b.columns.length > 0 ? b : a];
  const shared = one.columns.filter(({ name, type }) =>
    other.columns.some((each) => each.name === name && each.type === type),
  );
  const nullable = shared.map((column) => ({ ...column, nullable: true }));
  return [
    ...nullable.filter(({ name }) => name === SEQ.name),
    ...nullable.filter(({ name }) => name !== SEQ.name),
  ];
}

async function comparePositions(
  files: Files,
  own: CommittedRows,
  other: CommittedRows,
  columns: readonly Column[],
  numbers: { a: Numbers; b: Numbers },
  examples: number,
): Promise<RowsCompared> {
  const comparison = compareRows(columns, examples);
  const positions = Math.min(own.positions, other.positions);
  const [left, right] = [decidedPositions(files, own, columns), decidedPositions(files, other, columns)];
  const next = async (side: 'a' | 'b'): Promise<DecidedPosition | null> => {
    const { value } = await (side === 'a' ? left : right).next();
    for (const kept of value?.kept ?? []) numbers[side].add(kept);
    return value ?? null;
  };
  try {
    let [a, b] = [await next('a'), await next('b')];
    while (a || b) {
      const seq = Math.min(a?.seq ?? Infinity, b?.seq ?? Infinity);
      const [takenA, takenB] = [a?.seq === seq ? a : null, b?.seq === seq ? b : null];
      if (seq < positions) comparison.add(takenA, takenB);
      if (seq >= positions && takenA) comparison.beyond('a', takenA);
      if (seq >= positions && takenB) comparison.beyond('b', takenB);
      if (takenA) a = await next('a');
      if (takenB) b = await next('b');
    }
  } finally {
    await Promise.all([left.return(undefined), right.return(undefined)]);
  }
  return { positions, ...comparison.result() };
}

/** Where rows cannot be compared, their numbers still can. */
async function countOnly(
  files: Files,
  own: CommittedRows,
  other: CommittedRows,
  columns: readonly Column[],
  numbers: { a: Numbers; b: Numbers },
): Promise<null> {
  if (columns.length === 0) return null;
  for await (const row of keptRows(files, own, columns)) numbers.a.add(row);
  for await (const row of keptRows(files, other, columns)) numbers.b.add(row);
  return null;
}

interface Numbers {
  add(row: KeptValues): void;
  results(): Omit<DistributionPair, 'b'>[];
}

interface NumbersOfColumn extends Pick<DistributionPair, 'column' | 'of'> {
  at: number;
  numbers: DistributionOf;
}

/** The numbers of the columns that have some; of texts, their lengths. */
function numbersOf(columns: readonly Column[]): Numbers {
  const counted = columns.flatMap(({ name, type }, at): NumbersOfColumn[] => {
    if (name === 'seq' || name === 'seqIndex') return [];
    if (type === 'string') return [{ column: name, of: 'characters', at, numbers: distributionOf() }];
    const isNumber = type === 'int32' || type === 'int64' || type === 'float64';
    return isNumber ? [{ column: name, of: 'value', at, numbers: distributionOf() }] : [];
  });
  const hasSeq = columns[0]?.name === SEQ.name;
  let row = 0;
  return {
    add(values) {
      const seq = hasSeq ? (values[0] as number) : row;
      row += 1;
      for (const { at, numbers } of counted) numbers.add(seq, numberOf(values[at]));
    },
    results: () => counted.map(({ column, of, numbers }) => ({ column, of, a: numbers.result() })),
  };
}

function numberOf(value: unknown): number | null {
  if (value === null || value === undefined) return null;
  return typeof value === 'string' ? value.length : Number(value);
}

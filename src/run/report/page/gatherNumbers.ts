import type { Column, ColumnValue } from '../../../arrow/columnType.js';
import type { Files } from '../../../io/files/files.js';
import type { CommitRecord } from '../../../io/runFolder/manifest.js';
import { type PlannedThreshold, numberIn } from './controls.js';
import { runRows } from './runRows.js';

/** The numbers of rows, column by column. Lost rows are there where a threshold dropped them. */
export interface RowNumbers {
  /** Of each row 0 where it is kept, or the place of the threshold that dropped it, from 1. */
  fates: number[];
  /** For each threshold the number of each row; NaN where none is known. */
  ofThresholds: number[][];
  /** For each threshold half of what the last decimal of each row's number counts; 0 where it is exact. */
  halves: number[][];
  /** For each wanted column the number of each row; NaN where none is known. */
  ofColumns: number[][];
  /** Numbers in lists of the rows that are kept, for each wanted list. */
  ofLists: number[][];
}

export interface NumbersRequest {
  folder: string;
  commits: readonly CommitRecord[];
  hasSeq: boolean;
  thresholds: readonly PlannedThreshold[];
  /** Columns of numbers. */
  columns: readonly Column[];
  /** Columns of lists of numbers. */
  lists: readonly Column[];
}

/** Numbers of one list are at most so many: a list a row may be long. */
const LIST_NUMBERS_MAX = 1_000_000;

/** Reads the numbers of all rows of these commits, and no text but the messages of lost rows. */
export async function gatherNumbers(files: Files, request: NumbersRequest): Promise<RowNumbers> {
  const { thresholds, columns, lists, folder, commits, hasSeq } = request;
  const texts = thresholds.flatMap(({ column, decimals, isColumnKept }): Column[] =>
    isColumnKept && decimals !== undefined
      ? [{ name: column!, type: 'string', help: '', nullable: true }]
      : [],
  );
  const wanted = [...columns, ...lists, ...texts].filter(
    ({ name }, at, all) => all.findIndex((each) => each.name === name) === at,
  );
  const placeOf = new Map(wanted.map(({ name }, at) => [name, at]));
  const own: RowNumbers = {
    fates: [],
    ofThresholds: thresholds.map(() => []),
    halves: thresholds.map(() => []),
    ofColumns: columns.map(() => []),
    ofLists: lists.map(() => []),
  };
  for await (const row of runRows(files, { folder, commits, columns: wanted, hasSeq, withTexts: false })) {
    if (row.isKept) addKept(row.values);
    else addLost(row);
  }
  return own;

  function addKept(values: readonly ColumnValue[]): void {
    const valueOf = (name: string): ColumnValue => values[placeOf.get(name)!]!;
    own.fates.push(0);
    thresholds.forEach(({ column, isColumnKept, decimals }, at) => {
      const number = isColumnKept ? asNumber(valueOf(column!)) : NaN;
      own.ofThresholds[at]!.push(number);
      own.halves[at]!.push(decimals === undefined ? 0 : 0.5 / 10 ** decimals);
    });
    columns.forEach(({ name }, at) => own.ofColumns[at]!.push(asNumber(valueOf(name))));
    lists.forEach(({ name }, at) => {
      const list = valueOf(name);
      if (!Array.isArray(list)) return;
      for (const each of list)
        if (own.ofLists[at]!.length < LIST_NUMBERS_MAX) own.ofLists[at]!.push(asNumber(each));
    });
  }

  function addLost({ step, reason, message }: { step: string; reason: string; message: string }): void {
    const fate = thresholds.findIndex((each) => each.step === step && each.drops === reason);
    if (fate < 0) return;
    const found = numberIn(message);
    const source = thresholds[fate]!;
    own.fates.push(fate + 1);
    thresholds.forEach((each, at) => {
      // The options of one step look at one number.
      const isSame =
        at === fate || (each.step === step && each.column !== null && each.column === source.column);
      own.ofThresholds[at]!.push(isSame && found ? found.value : NaN);
      const isExact = each.isWhole === true && Number.isInteger(found?.value);
      own.halves[at]!.push(isSame && found && !isExact ? found.half : 0);
    });
    columns.forEach(({ name }, at) =>
      own.ofColumns[at]!.push(name === source.column && found ? found.value : NaN),
    );
  }
}

function asNumber(value: ColumnValue): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  return typeof value === 'string' && value.trim() !== '' ? Number(value) : NaN;
}

/**
 * What other thresholds would keep, from the numbers of the rows. Rows that a step dropped have not been through the steps behind it,
 * so a count is exact only where no such row matters; `about` says so everywhere else.
 */

export interface WhatIfControl {
  /** The label of the step, and the option. */
  step: string;
  option: string;
  /** What the page calls the option. */
  title: string;
  meaning: string;
  keeps: 'atLeast' | 'atMost' | 'below';
  /** Values that can be chosen, rising. */
  grid: readonly number[];
  /** The names of the values, from 1; empty where they have none. */
  grades: readonly string[];
  /** Where the value of the run stands in the grid; -1 or the length of the grid where all rows pass for want of one. */
  at: number;
  /** The place of the step among the steps. */
  stepAt: number;
  /** A stricter value changes nothing of the rows that pass: no later step looks at more than its own row. */
  isTighteningExact: boolean;
  /** A row that comes back is in the set: nothing behind this option can drop it. */
  isLooseningExact: boolean;
  /** The share of the rows behind the step that is in the set. */
  survival: number;
  /** Another value changes what the step compares: no count with it is exact. */
  isAlwaysAbout: boolean;
  /** Whether a stricter value can be judged: the rows of the set have the number. */
  hasKeptValues: boolean;
}

export interface WhatIfData {
  controls: readonly WhatIfControl[];
  /** Numbers whose new distribution is shown; bins of rows are in `WhatIfRows`. */
  metrics: readonly { label: string; edges: readonly number[] }[];
  rows: number;
  /** The rows are all that the run has; else so many of so many positions. */
  isWhole: boolean;
  /** Why no count can be exact: replies are not stored, rows that a server failed, …; null where one can. */
  neverExact: string | null;
  rowsKept: number;
  /** Source positions of the run. */
  positions: number;
  target: number | null;
  /** The run ends at its target, or never: `limit` makes another run read the same positions. */
  isLimitNeeded: boolean;
}

/** What the page holds of each row, a byte each: see `encodeNumbers`. */
export interface WhatIfRows {
  /** 0 for a row of the set; for one that a control dropped its place in `controls` and one. */
  fates: Uint8Array;
  /** For each control: how many values of the grid the row's number has reached; UNKNOWN without one. */
  bins: readonly Uint8Array[];
  /** For each control: the place in the grid and one where the row's number is rounded to just that value; else 0. */
  ties: readonly Uint8Array[];
  /** For each metric: the bin of the row's number, or UNKNOWN. */
  metrics: readonly Uint8Array[];
}

export const UNKNOWN = 255;
/** Values of a grid: a byte tells them apart. */
export const GRID_MAX = 240;

/** How many values of the grid a number has reached, so that `passes` is right to the last digit. */
export function binOf(value: number, { keeps, grid }: Pick<WhatIfControl, 'keeps' | 'grid'>): number {
  let [low, high] = [0, grid.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const isReached = keeps === 'atMost' ? grid[middle]! < value : grid[middle]! <= value;
    if (isReached) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Whether a number in that bin passes the threshold at that place of the grid. */
export function passes(bin: number, at: number, keeps: WhatIfControl['keeps']): boolean {
  return keeps === 'atLeast' ? bin > at : at >= bin;
}

export interface WhatIfResult {
  /** Rows that would be kept of the same source positions, at most the target. */
  kept: number;
  isExact: boolean;
  /** Why not, in sentences. */
  reasons: readonly string[];
  /** Rows of the set that would go, and dropped rows that would come back, in the sample. */
  removed: number;
  returned: number;
  /** Source positions that a run to the target would read, about; null without a target. */
  positionsToTarget: number | null;
  /** For each metric the rows in each bin, weighted as they are likely to be kept. */
  distributions: readonly (readonly number[])[];
  /** For the command line: `steps.sampleDifficulty.min=0.2`. */
  sets: readonly string[];
}

/** Judges one place of the grid for each control. */
export function whatIf(data: WhatIfData, rows: WhatIfRows, at: readonly number[]): WhatIfResult {
  const { controls, target, positions } = data;
  const tally = tallyOf(data, rows, at);
  const reasons = reasonsOf(data, tally);
  const scale = data.isWhole || tally.kept === 0 ? 1 : data.rowsKept / tally.kept;
  const wanted = Math.round(tally.weight * scale);
  return {
    kept: target === null ? wanted : Math.min(target, wanted),
    isExact: reasons.length === 0,
    reasons,
    removed: sumOf(tally.removedBy),
    returned: sumOf(tally.returnedBy),
    positionsToTarget: target === null || wanted === 0 ? null : Math.round((positions * target) / wanted),
    distributions: tally.distributions,
    sets: controls.flatMap(({ step, option, grid }, index) =>
      tally.changed[index] ? [`steps.${step}.${option}=${grid[at[index]!]}`] : [],
    ),
  };
}

/** What the rows come to. */
interface Tally {
  /** For each control whether it stands elsewhere than in the run. */
  changed: readonly boolean[];
  /** Rows of the set. */
  kept: number;
  /** For each control the rows of the set that it would drop, and those that it dropped and would not. */
  removedBy: number[];
  returnedBy: number[];
  /** Rows that would be kept, as likely as they are. */
  weight: number;
  /** Rows whose number is known rounded to the threshold itself. */
  ties: number;
  /** Rows that come back, and have no number for another control that was changed. */
  unknown: number;
  distributions: number[][];
}

function tallyOf({ controls, metrics }: WhatIfData, rows: WhatIfRows, at: readonly number[]): Tally {
  const changed = controls.map((control, index) => at[index] !== control.at);
  const tally: Tally = {
    ...{ changed, kept: 0, weight: 0, ties: 0, unknown: 0 },
    removedBy: controls.map(() => 0),
    returnedBy: controls.map(() => 0),
    distributions: metrics.map(({ edges }) => Array.from({ length: edges.length - 1 }, () => 0)),
  };
  const isTie = (row: number, index: number): boolean =>
    changed[index]! && rows.ties[index]![row]! === at[index]! + 1;
  // By table, for each row is looked at whenever a slider moves.
  const failing = controls.map(({ keeps }, index) =>
    Uint8Array.from({ length: 256 }, (_, bin) => Number(bin !== UNKNOWN && !passes(bin, at[index]!, keeps))),
  );
  const fails = (row: number, index: number): boolean => failing[index]![rows.bins[index]![row]!] === 1;
  const changedPlaces = controls.flatMap((_, index) => (changed[index] ? [index] : []));
  for (let row = 0; row < rows.fates.length; row++) {
    const own = rows.fates[row]! - 1;
    if (own < 0) addKept(row);
    else if (changed[own]) addDropped(row, own);
  }
  return tally;

  function addKept(row: number): void {
    tally.kept += 1;
    // That it passes what has not changed is a fact.
    let failed = -1;
    let isAtTie = false;
    for (const index of changedPlaces) {
      if (failed < 0 && fails(row, index)) failed = index;
      isAtTie ||= isTie(row, index);
    }
    if (isAtTie) tally.ties += 1;
    if (failed < 0) count(row, 1);
    else tally.removedBy[failed]! += 1;
  }

  function addDropped(row: number, own: number): void {
    if (isTie(row, own)) tally.ties += 1;
    if (controls.some((_, index) => fails(row, index))) return;
    tally.returnedBy[own]! += 1;
    const isSeen = (index: number): boolean => index === own || rows.bins[index]![row] !== UNKNOWN;
    if (controls.some((_, index) => changed[index] && !isSeen(index))) tally.unknown += 1;
    count(row, controls[own]!.isLooseningExact ? 1 : controls[own]!.survival);
  }

  function count(row: number, weight: number): void {
    tally.weight += weight;
    for (let metric = 0; metric < metrics.length; metric++) {
      const bin = rows.metrics[metric]![row]!;
      if (bin !== UNKNOWN) tally.distributions[metric]![bin]! += weight;
    }
  }
}

/** Why a count is none that a run must come to, in sentences; none where it must. */
function reasonsOf({ controls, isWhole, neverExact }: WhatIfData, tally: Tally): string[] {
  const { changed, removedBy, returnedBy, ties, unknown } = tally;
  const isMoved = sumOf(removedBy) + sumOf(returnedBy) + ties > 0;
  const ofControls = controls.flatMap((control, index) => {
    const { step, title, isAlwaysAbout, isTighteningExact, isLooseningExact, survival } = control;
    const share = (100 * survival).toFixed(0);
    return [
      ...(changed[index] && isAlwaysAbout
        ? [`With another ${title}, ${step} also compares other rows.`]
        : []),
      ...(removedBy[index]! > 0 && !isTighteningExact
        ? [
            `Steps behind ${step} compare rows with each other, or are your own: other rows may come or go there.`,
          ]
        : []),
      ...(returnedBy[index]! > 0 && !isLooseningExact
        ? [
            `${returnedBy[index]} rows that ${step}.${title} dropped would go on; they have not been through what ` +
              `follows, where ${share} % of the rows were kept.`,
          ]
        : []),
    ];
  });
  return [
    ...(isWhole ? [] : ['The page holds a sample of the rows.']),
    ...(isMoved && neverExact !== null ? [neverExact] : []),
    ...ofControls,
    ...(unknown > 0 ? [`For ${unknown} dropped rows another number that counts is not known.`] : []),
    ...(ties > 0 ? [`${ties} rows stand at a threshold, and their numbers are known rounded.`] : []),
  ];
}

function sumOf(counts: readonly number[]): number {
  return counts.reduce((sum, each) => sum + each, 0);
}

/** One block of bytes, column by column: what is alike stands together, which deflates well. */
export function encodeNumbers({ fates, bins, ties, metrics }: WhatIfRows): Uint8Array {
  const columns = [fates, ...bins, ...ties, ...metrics];
  const bytes = new Uint8Array(fates.length * columns.length);
  columns.forEach((column, index) => bytes.set(column, index * fates.length));
  return bytes;
}

export function decodeNumbers(bytes: Uint8Array, { rows, controls, metrics }: WhatIfData): WhatIfRows {
  const column = (index: number): Uint8Array => bytes.subarray(index * rows, (index + 1) * rows);
  return {
    fates: column(0),
    bins: controls.map((_, index) => column(1 + index)),
    ties: controls.map((_, index) => column(1 + controls.length + index)),
    metrics: metrics.map((_, index) => column(1 + 2 * controls.length + index)),
  };
}

import type { RecordBatch } from 'apache-arrow';
import fc from 'fast-check';
import { type Observable, tap } from 'rxjs';
import type { Column } from '../../../src/arrow/columnType.js';
import { columnValues } from '../../../src/arrow/read.js';
import { SEQ_INDEX_COLUMN } from '../../../src/arrow/columnType.js';
import { seqBatch } from '../../../src/arrow/columns.js';
import { RowError } from '../../../src/errors.js';
import type { Batch, BatchOperator } from '../../../src/flow/batch.js';
import { cacheStepResults } from '../../../src/flow/stepResults/cacheStepResults.js';
import type { CommittedDeltas } from '../../../src/flow/committedDeltas.js';
import { type Commit, type CommitSink, type Totals, commitShards } from '../../../src/flow/commitShards.js';
import { type Gate, type ReadRows, type Replay, createGate } from '../../../src/flow/gate.js';
import { mapRows } from '../../../src/flow/steps/mapRows.js';
import { type Outcome, drop, keep, multiply } from '../../../src/flow/steps/outcome.js';
import { replayStepResults } from '../../../src/flow/stepResults/replayStepResults.js';
import { type RowEvent, isDelta, isLost } from '../../../src/flow/rowEvents.js';
import { scanRows } from '../../../src/flow/steps/scanRows.js';
import type { StepState } from '../../../src/flow/stepResults/stepResult.js';
import { decodeStepResult, encodeStepResults } from '../../../src/flow/stepResults/stepResultBytes.js';

/** A small pipeline with every kind of step, and a plain loop that says what must come out of it. */

const VALUE: Column = { name: 'value', type: 'int32', help: 'made from seq' };
const SEEN: Column = { name: 'ordinal', type: 'int32', help: 'how many rows passed before' };

export interface WorldKnobs {
  seed: number;
  windowRows: number;
  batchRows: number;
  shardRows: number;
  /** A commit comes after so many positions at the latest. */
  commitPositions?: number | undefined;
  target?: number | undefined;
  limit: number;
  /** One row in so many is lost to a server that fails; none if absent. */
  failingEvery?: number | undefined;
  /** Seed of the server's replies; `seed` if absent. */
  replies?: number | undefined;
  /** Stands for the last step's options. */
  variant?: number | undefined;
}

/** Small sizes of every kind. */
export const ANY_KNOBS = {
  seed: fc.integer({ min: 0, max: 1_000_000 }),
  windowRows: fc.integer({ min: 1, max: 40 }),
  batchRows: fc.integer({ min: 1, max: 12 }),
  shardRows: fc.integer({ min: 1, max: 15 }),
  commitPositions: fc.option(fc.integer({ min: 1, max: 40 }), { nil: undefined }),
  limit: fc.integer({ min: 1, max: 90 }),
  target: fc.option(fc.integer({ min: 1, max: 40 }), { nil: undefined }),
};

/** Runs `work` when the test says so; the order is the test's to choose. */
export type Delay = <T>(label: string, work: () => T) => Promise<T>;

export const noDelay: Delay = async (_label, work) => work();

/** Every reply, write and commit waits until the scheduler picks it. */
export function scheduled(scheduler: fc.Scheduler): Delay {
  return (label, work) => scheduler.schedule(Promise.resolve(), label).then(work);
}

export function hash(seed: number, seq: number, salt: number): number {
  let h = Math.imul(seq + 1, 0x9e3779b1) ^ Math.imul(seed + salt * 7919, 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
  return (h ^ (h >>> 13)) >>> 0;
}

const FAILED = 'ROW_SERVER_ERROR';

function failSome({ seed, replies = seed, failingEvery }: WorldKnobs, seq: number, salt: number): void {
  if (failingEvery && hash(replies, seq, salt) % failingEvery === 0)
    throw new RowError(FAILED, `the server failed at row ${seq}`, { mayDiffer: true });
}

function decideValue(knobs: WorldKnobs, seq: number): Outcome {
  const { seed, replies = seed } = knobs;
  failSome(knobs, seq, 9);
  const draw = hash(replies, seq, 1) % 10;
  if (draw === 0) throw new RowError('ROW_EMPTY', `row ${seq} is empty`);
  if (draw === 1) return drop('unlucky');
  return keep({ value: hash(replies, seq, 2) % 25 });
}

/** Rows that come of one: 1 to 3. */
function copiesOf(seed: number, seq: number): number {
  return 1 + (hash(seed, seq, 5) % 3);
}

function isOdd(seed: number, seq: number, seqIndex: number): boolean {
  return hash(seed, seq, 4 + seqIndex) % 4 === 0;
}

/** Steps that wait, keep state, multiply and drop. `committed`: deltas of `unique`; `onState`: where step results are cached. */
export function worldSteps(
  knobs: WorldKnobs,
  delay: Delay,
  committed?: CommittedDeltas,
  onState?: (state: StepState) => void,
): BatchOperator[] {
  const { seed, variant = 0 } = knobs;
  const place = (at: number): { at?: number; onState?: (state: StepState) => void } =>
    onState ? { at, onState } : {};
  return [
    mapRows({ step: 'value', reads: {}, writes: [VALUE], ...place(0) }, ({ seq }) =>
      delay(`v${seq}`, () => decideValue(knobs, seq)),
    ),
    scanRows(
      { step: 'unique', reads: { value: 'int32' }, writes: [SEEN], ...place(1) },
      {
        init: () => ({ seen: new Set<number>(), count: 0 }),
        decide({ seen, count }, { seq, value: key }) {
          if (seen.has(key) && hash(seed, seq, 3) % 3 > 0) return { outcome: drop('seen', `${key}`) };
          return { outcome: keep({ ordinal: count }), delta: key };
        },
        apply(state, key: number) {
          state.seen.add(key);
          state.count += 1;
        },
      },
      committed,
    ),
    mapRows({ step: 'copies', reads: {}, writes: [SEQ_INDEX_COLUMN], ...place(2) }, ({ seq }) =>
      delay(`c${seq}`, () => multiply(Array.from({ length: copiesOf(seed, seq) }, () => ({})))),
    ),
    mapRows({ step: 'odd', reads: { value: 'int32' }, writes: [], ...place(3) }, ({ seq, seqIndex }) =>
      delay(`o${seq}.${seqIndex}`, () => {
        failSome(knobs, seq, 10 + seqIndex);
        return isOdd(seed + variant, seq, seqIndex) ? drop('odd') : keep({});
      }),
    ),
  ];
}

/** What the pipeline must write: a loop without any of the code under test. */
export function expectedRows({ seed, limit, target = Infinity }: WorldKnobs): {
  kept: WorldRow[];
  counts: Record<string, number>;
  positions: number;
} {
  const kept: WorldRow[] = [];
  const counts: Record<string, number> = {};
  const seen = new Set<number>();
  let count = 0;
  let positions = 0;
  const add = (key: string, rows = 1): void => void (rows > 0 && (counts[key] = (counts[key] ?? 0) + rows));
  for (let seq = 0; seq < limit && kept.length < target; seq++) {
    positions = seq + 1;
    const draw = hash(seed, seq, 1) % 10;
    const value = hash(seed, seq, 2) % 25;
    if (draw === 0) add('value rejected ROW_EMPTY');
    else if (draw === 1) add('value dropped unlucky');
    else if (seen.has(value) && hash(seed, seq, 3) % 3 > 0) add('unique dropped seen');
    else {
      seen.add(value);
      count += 1;
      const copies = copiesOf(seed, seq);
      add('copies made rows', copies - 1);
      for (let seqIndex = 0; seqIndex < copies; seqIndex++) {
        if (isOdd(seed, seq, seqIndex)) add('odd dropped odd');
        else if (kept.length === target) add('target dropped pastTarget');
        else kept.push([seq, seqIndex, value, count - 1]);
      }
    }
  }
  return { kept, counts, positions };
}

export type WorldRow = [seq: number, seqIndex: number, value: number, ordinal: number];

export interface Recorded {
  rows: WorldRow[];
  shards: { rows: WorldRow[]; next: number; kept: number; events: RowEvent[]; done: boolean }[];
}

/** The deltas that recorded commits hold. */
function committedIn(shards: () => Recorded['shards']): CommittedDeltas {
  return {
    upTo: () => shards().at(-1)?.next ?? 0,
    countMax: () => shards().at(-1)?.next ?? 0,
    async *read(from, to) {
      for (const { events } of shards())
        yield events
          .filter(isDelta)
          .filter(({ seq }) => seq >= from && seq < to)
          .map(({ value }) => value);
    },
  };
}

export function recordingSink(delay: Delay = noDelay): { sink: CommitSink; recorded: Recorded } {
  const recorded: Recorded = { rows: [], shards: [] };
  let open: WorldRow[] = [];
  let events: RowEvent[] = [];
  return {
    recorded,
    sink: {
      append: (rows) =>
        delay('append', () => {
          open.push(...worldRows(rows));
        }),
      appendEvents: ({ lost, deltas }) =>
        delay('append', () => {
          events.push(...lost, ...deltas);
        }),
      commit: (commit: Commit) =>
        delay('commit', () => {
          recorded.rows.push(...open);
          const { next, kept, done } = commit;
          // However they came: the files of a commit hold lost rows and deltas apart.
          const own = [...events.filter(isLost), ...events.filter(isDelta)];
          recorded.shards.push({ rows: open, next, kept, events: own, done });
          open = [];
          events = [];
        }),
    },
  };
}

function worldRows(rows: RecordBatch): WorldRow[] {
  const [seq, seqIndex, value, ordinal] = ['seq', 'seqIndex', 'value', 'ordinal'].map(
    (name) => columnValues(rows, name) as number[],
  );
  return seq!.map((s, at) => [s, seqIndex![at]!, value![at]!, ordinal![at]!]);
}

/** Step results of earlier runs, by step and first row, and which of them a run may use. */
export interface WorldCache {
  segmentRows: number;
  stored: Map<string, Buffer>;
  /** How many of the four steps, from the first on, have the same fingerprint as before. */
  stepsKnown: number;
}

/** The last step's variant is part of its fingerprint. */
function keyOf({ variant = 0 }: WorldKnobs, step: number, lo: number): string {
  return step === 3 ? `${step} ${lo} ${variant}` : `${step} ${lo}`;
}

function replayOf(
  { stored, stepsKnown }: WorldCache,
  knobs: WorldKnobs,
  read: ReadRows,
  from: number,
  state: (step: number) => StepState | undefined,
): Replay {
  return replayStepResults({
    ...{ read, from, state, stepsInAll: 4 },
    record(lo, step) {
      const bytes = step < stepsKnown ? stored.get(keyOf(knobs, step, lo)) : undefined;
      return bytes ? decodeStepResult(bytes) : null;
    },
  });
}

function cacheOf({ segmentRows, stored }: WorldCache, knobs: WorldKnobs, delay: Delay): BatchOperator {
  return cacheStepResults(segmentRows, (lo, results) =>
    delay('keep', () => {
      for (const { step, bytes } of encodeStepResults(results)) stored.set(keyOf(knobs, step, lo), bytes);
    }),
  );
}

export interface WorldRun {
  totals: Promise<Totals>;
  gate: Gate;
  recorded: Recorded;
}

/** Runs the world, or goes on after the shards `before`; `between` sees every batch after each step. */
export function runWorld(
  knobs: WorldKnobs,
  delay: Delay = noDelay,
  between: (step: number, batch: Batch, gate: Gate) => void = () => {},
  wrap: (stream: Observable<Batch>) => Observable<Batch> = (stream) => stream,
  before: Recorded['shards'] = [],
  cache?: WorldCache,
): WorldRun {
  const { next: from, kept: keptBefore } = before.at(-1) ?? { next: 0, kept: 0 };
  const { target, shardRows, commitPositions } = knobs;
  const gate = createGate({
    ...{ ...knobs, from, target: target === undefined ? undefined : target - keptBefore },
    ...(cache ? { segmentRows: cache.segmentRows } : {}),
  });
  const { sink, recorded } = recordingSink(delay);
  const committed = committedIn(() => [...before, ...recorded.shards]);
  let state: StepState | undefined;
  const steps = worldSteps(knobs, delay, committed, cache && ((current) => (state = current)));
  const read: ReadRows = (lo, rowsMax) => seqBatch(lo, lo + rowsMax);
  const replay = cache && replayOf(cache, knobs, read, from, () => state);
  const source = gate.source(read, replay);
  const stepped = steps.reduce((above, step, index) => above.pipe(step, spy(index, between, gate)), source);
  const stream = cache ? stepped.pipe(cacheOf(cache, knobs, delay)) : stepped;
  const totals = commitShards(wrap(stream), {
    ...{ gate, sink, shardRows, target, from, keptBefore },
    ...(commitPositions === undefined ? {} : { commitPositions }),
  });
  return { totals, gate, recorded };
}

function spy(
  index: number,
  between: (step: number, batch: Batch, gate: Gate) => void,
  gate: Gate,
): BatchOperator {
  return (source) => source.pipe(tap((batch) => between(index, batch, gate)));
}

import type { LogEvent } from '../io/runFolder/runLog.js';
import type { RunEvent } from '../run/events.js';
import { type RunState, newRunState, nextRunState } from '../run/monitor/runState.js';

/** A line of the log as a page shows it. */
export interface FeedLine {
  /** ISO 8601. */
  at: string;
  event: Record<string, unknown>;
}

/** A point of the charts over time. */
export interface FeedPoint {
  elapsedS: number;
  rowsPerS: number | null;
  inFlight: number;
  /** Model → what it does. */
  models: Record<string, { inFlight: number; queued: number; tokensPerS: number }>;
}

/** A row of the set, as it came. */
export interface FeedRow {
  seq: number | null;
  /** Column → text; long ones are cut. */
  texts: Readonly<Record<string, string>>;
}

/** What a page is told when it comes. */
export interface FeedNow {
  state: Omit<RunState, 'samples'>;
  isPaused: boolean;
  points: FeedPoint[];
  log: FeedLine[];
  /** The rows that came last, the newest first; empty where no process tells them. */
  rows: FeedRow[];
}

/** Gathers the events of a run into what pages show; bounded, however long the run. */
export interface Feed {
  /** Takes an event; the listener is told what pages should hear. */
  take(event: RunEvent, at: string): void;
  now(): FeedNow;
  /** One listener: the server; null for none. */
  listen(listener: FeedListener | null): void;
}

export interface FeedListener {
  onLine(line: FeedLine): void;
  onPoint(point: FeedPoint): void;
  /** Anything else has changed. It comes often; whoever listens thins it. */
  onChange(): void;
  onRow(row: FeedRow): void;
  /** A commit has happened, or a process has taken the run or left it: the run folder is another. */
  onFolder(): void;
}

const LINES_MAX = 400;
const ROWS_MAX = 5;
/** Then every second point goes, and from then on only every second comes: a day of points is as many as an hour. */
const POINTS_MAX = 1200;
/** Events that say what is in the state anyway, and come often. */
const NO_LINES: ReadonlySet<RunEvent['event']> = new Set([
  ...([
    'counted',
    'delivered',
    'measured',
    'reported',
    'trainingMeasured',
    'starting',
    'called',
    'keptRow',
    'lost',
  ] as const),
]);
/** Events after which the run folder says something else. */
const FOLDER_EVENTS: ReadonlySet<RunEvent['event']> = new Set([
  ...(['flowing', 'committed', 'reported', 'failed'] as const),
]);

export function createFeed(): Feed {
  let state = newRunState();
  let isPaused = false;
  let lines: FeedLine[] = [];
  let points: FeedPoint[] = [];
  let rows: FeedRow[] = [];
  let everyNth = 1;
  let measured = 0;
  let listener: FeedListener | null = null;

  function addPoint(): void {
    measured += 1;
    if (measured % everyNth !== 0) return;
    const point = pointOf(state);
    points.push(point);
    if (points.length > POINTS_MAX) {
      points = points.filter((_, at) => at % 2 === 1);
      everyNth *= 2;
    }
    listener?.onPoint(point);
  }

  function addRow(row: FeedRow): void {
    rows = [row, ...rows].slice(0, ROWS_MAX);
    listener?.onRow(row);
  }

  return {
    take(event, at) {
      if (event.event === 'started') {
        state = newRunState();
        points = [];
        rows = [];
      }
      if (event.event === 'paused') ({ isPaused } = event);
      state = nextRunState(state, event);
      if (event.event === 'measured') addPoint();
      if (event.event === 'keptRow') addRow({ seq: event.seq ?? null, texts: event.texts });
      if (!NO_LINES.has(event.event)) {
        const line: FeedLine = { at, event: { ...(event as LogEvent) } };
        lines = [...lines.slice(1 - LINES_MAX), line];
        listener?.onLine(line);
      }
      listener?.onChange();
      if (FOLDER_EVENTS.has(event.event)) listener?.onFolder();
    },
    now() {
      const { samples: _, ...shown } = state;
      return { state: shown, isPaused, points, log: lines, rows };
    },
    listen: (next) => void (listener = next),
  };
}

function pointOf({ elapsedS, rates, inFlight, models }: RunState): FeedPoint {
  const own = Object.entries(models).map(([name, stats]) => {
    const tokensPerS = rates.models[name]?.completionTokensPerS ?? 0;
    return [name, { inFlight: stats.inFlight, queued: stats.queued, tokensPerS }] as const;
  });
  return { elapsedS, rowsPerS: rates.rowsPerS, inFlight, models: Object.fromEntries(own) };
}

import { join } from 'node:path';
import { type Files, readWhole } from '../../../io/files/files.js';
import { openJson } from '../../../io/files/seal.js';
import { LOG_FILE } from '../../../io/runFolder/runLog.js';
import type { LinesData } from '../../../page/charts/lines.js';

/** What the log tells of the time of a run. Lines that are broken, or of another kind, say nothing. */
export interface Timeline {
  lines: LinesData[];
  /** Starts of the run. */
  starts: number;
}

type Line = Record<string, unknown> & { event: string; atS: number };

/** A larger log is not read: its lines are bounded, so it is none of ours. */
const LOG_BYTES_MAX = 64 << 20;
/** Lines of one chart: more cannot be told apart. */
const SERIES_MAX = 8;

export async function readTimeline(files: Files, folder: string): Promise<Timeline> {
  const path = join(folder, LOG_FILE);
  const sizeBytes = (await files.stat(path))?.sizeBytes ?? 0;
  if (sizeBytes === 0 || sizeBytes > LOG_BYTES_MAX) return { lines: [], starts: 0 };
  return timelineOf(Buffer.from(await readWhole(files, path)).toString());
}

/** The time axis has the seconds in which the run ran: the time between a stop and the next start is left out. */
export function timelineOf(text: string): Timeline {
  const runs = startsOf(text);
  const committed: [number, number | null][] = [];
  const samples: Sample[] = [];
  let beforeS = 0;
  for (const run of runs) {
    const firstS = run[0]!.atS;
    let last = firstS;
    if (samples.length > 0) samples.push({ atS: beforeS, values: null });
    for (const line of run) {
      const atS = beforeS + Math.max(0, line.atS - firstS);
      last = Math.max(last, line.atS);
      if (line.event === 'committed' && typeof line.kept === 'number') committed.push([atS, line.kept]);
      if (line.event === 'measured') samples.push({ atS, values: line });
    }
    beforeS += last - firstS;
  }
  return { lines: [...rowLines(committed), ...measuredLines(samples)], starts: runs.length };
}

/** The lines of each start, up to the last commit: the same for a report that is made while the run ends, and later. */
function startsOf(text: string): Line[][] {
  const runs: Line[][] = [];
  for (const one of text.split('\n')) {
    if (one === '' || !openJson(one).isWhole) continue;
    const { at, ...rest } = JSON.parse(one) as { at?: string; event?: unknown };
    const atS = Date.parse(at ?? '') / 1000;
    if (!Number.isFinite(atS) || typeof rest.event !== 'string') continue;
    const line = { ...rest, event: rest.event, atS };
    if (line.event === 'started') runs.push([line]);
    else if (line.event === 'committed' || line.event === 'measured') runs.at(-1)?.push(line);
  }
  const last = runs.at(-1);
  // What comes behind the last commit may be written while the report is.
  last?.splice(last.findLastIndex(({ event }) => event !== 'measured') + 1);
  return runs;
}

function rowLines(committed: readonly (readonly [number, number | null])[]): LinesData[] {
  if (committed.length < 2) return [];
  return [
    {
      label: 'rows kept',
      series: [{ name: 'kept', points: [[0, 0], ...committed] }],
    },
  ];
}

/** Null values: a stop, where lines have a gap. */
interface Sample {
  atS: number;
  values: Line | null;
}

/** Numbers of one model or replica at one moment. */
type Counters = Record<string, unknown>;

function measuredLines(samples: readonly Sample[]): LinesData[] {
  if (samples.filter(({ values }) => values).length < 2) return [];
  return [
    linesOf('requests in flight', samples, 'inFlight'),
    linesOf('requests waiting', samples, 'queued'),
    ratesOf('tokens out / s', samples, 'completionTokens'),
    ratesOf('tokens in / s', samples, 'promptTokens'),
    ratesOf('requests / s', samples, 'requests'),
  ].filter(({ series }) =>
    series.some(({ points }) => points.some(([, value]) => value !== null && value > 0)),
  );
}

/** The models of a measurement, and the replicas of those that have more than one. */
function unitsOf(values: Line | null): Map<string, Counters> {
  const units = new Map<string, Counters>();
  for (const [name, model] of entriesOf(values?.models)) {
    units.set(name, model);
    const replicas = entriesOf(model.replicas);
    if (replicas.length > 1)
      for (const [address, replica] of replicas) units.set(`${name} ${address}`, replica);
  }
  return units;
}

/** Models by their names, replicas by their addresses. */
function entriesOf(value: unknown): [string, Counters][] {
  if (typeof value !== 'object' || value === null) return [];
  const named = Array.isArray(value)
    ? value.map((each: Counters): [string, unknown] => [String(each?.url), each])
    : Object.entries(value);
  return named.flatMap(([name, each]) =>
    typeof each === 'object' && each !== null ? [[name, each as Counters]] : [],
  );
}

function namesOf(samples: readonly Sample[]): string[] {
  const names = new Set<string>();
  for (const { values } of samples) for (const name of unitsOf(values).keys()) names.add(name);
  return [...names].slice(0, SERIES_MAX);
}

function linesOf(label: string, samples: readonly Sample[], key: string): LinesData {
  const units = samples.map(({ values }) => unitsOf(values));
  const series = namesOf(samples).map((name) => ({
    name,
    points: samples.map(({ atS }, at): [number, number | null] => [atS, numberAt(units[at]!.get(name), key)]),
  }));
  return { label, series };
}

/** From totals that rise to how fast they rise between two measurements. */
function ratesOf(label: string, samples: readonly Sample[], key: string): LinesData {
  const units = samples.map(({ values }) => unitsOf(values));
  const series = namesOf(samples).map((name) => ({
    name,
    points: samples.slice(1).map(({ atS }, before): [number, number | null] => {
      const [from, to] = [before, before + 1].map((at) => numberAt(units[at]!.get(name), key)) as [
        number | null,
        number | null,
      ];
      const spanS = atS - samples[before]!.atS;
      return [atS, from === null || to === null || spanS <= 0 || to < from ? null : (to - from) / spanS];
    }),
  }));
  return { label, series };
}

function numberAt(unit: Counters | undefined, key: string): number | null {
  const value = unit?.[key];
  return typeof value === 'number' ? value : null;
}

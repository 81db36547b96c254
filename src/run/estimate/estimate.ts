import type { StepUse } from '../../backends/model.js';
import { type PaidModel, requestsCost } from '../cost.js';
import { type BusyUse, type Observed, type ObservedStep, busySecondsOf } from './observed.js';
import { busyHours } from './scale.js';
import { type Likely, type Random, betaDraw, intervalOf, normalDraw } from './sampling.js';
import { randomFrom } from '../../random.js';

/** What a run will take. */
export interface RunEstimate {
  /** Source rows. */
  rowsIn: Likely;
  /** Rows of the set. */
  rowsKept: Likely;
  steps: StepEstimate[];
  requests: Likely;
  tokens: Likely;
  /** Currency → amount. */
  money: Record<string, Likely>;
  /** Model → why its part of the money is not known. */
  unknown: Record<string, string>;
  hours: Likely;
  /** Null where no model says how many GPUs it has. */
  gpuHours: Likely | null;
  /** Each set of servers, the one that takes longest first. */
  servers: ServersEstimate[];
}

export interface StepEstimate {
  step: string;
  rowsIn: Likely;
  kept: Likely;
  /** Model → what the step asks of it. */
  models: Record<string, { requests: Likely; promptTokens: Likely; completionTokens: Likely }>;
}

export interface ServersEstimate {
  /** The models on them. */
  models: string[];
  /** How many there are. */
  servers: number;
  /** Hours that they are busy. */
  hours: Likely;
  /** So many of them let no other wait: then these are as fast as the fastest. */
  serversEnough: number;
  /** Whether requests waited for them when their speed was measured; else they may be faster. */
  isFull: boolean;
}

export interface EstimateOptions {
  /** Kept rows that end the run. */
  target?: number | undefined;
  /** Source rows that end it. */
  rows?: number | undefined;
  paid: Readonly<Record<string, PaidModel>>;
  /** Servers of a model: then, and where it was observed. */
  servers: Readonly<Record<string, { now: number; observed: number }>>;
  /** How many source rows may be in flight at once; with a target, some are when it is reached. */
  windowRows?: number;
  /** CPU of the run itself a source row; 0 if it is not known. */
  cpuMsPerRow?: number;
  seed: number;
}

const DRAWS = 1000;

/**
 * What a run takes, from what some of its rows took. A pilot is a sample: the estimate is drawn a thousand times, each time with the
 * shares of steps and the lengths of replies that such a sample may come from, and 95 % of the draws lie between `low` and `high`.
 */
export function estimateRun(observed: Observed, options: EstimateOptions): RunEstimate {
  const random = randomFrom(options.seed);
  const best = drawn(observed, options, null);
  const draws = Array.from({ length: DRAWS }, () => drawn(observed, options, random));
  const over = (pick: (one: Drawn) => number): Likely => intervalOf(pick(best), draws.map(pick));
  const group = (at: number) => (one: Drawn) => one.groups[at]!.hours;
  const groups = best.groups.map(({ models, servers, isFull }, at) => ({
    ...{ models, servers, isFull, hours: over(group(at)), serversEnough: enoughOf(best, at) },
  }));
  const hasGpus = Object.values(options.paid).some(({ gpus }) => gpus !== undefined);
  return {
    ...{ rowsIn: over(({ rowsIn }) => rowsIn), rowsKept: over(({ rowsKept }) => rowsKept) },
    steps: observed.steps.map(({ step, uses }, at) => ({
      ...{ step, rowsIn: over(({ steps }) => steps[at]!.rowsIn), kept: over(({ steps }) => steps[at]!.kept) },
      models: Object.fromEntries(
        Object.keys(uses).map((model) => {
          const of = (key: keyof ModelDraw): Likely => over(({ steps }) => steps[at]!.models[model]![key]);
          return [
            model,
            {
              ...{ requests: of('requests'), promptTokens: of('promptTokens') },
              completionTokens: of('completionTokens'),
            },
          ];
        }),
      ),
    })),
    requests: over((one) => sumOf(one, ({ requests }) => requests)),
    tokens: over((one) =>
      sumOf(one, ({ promptTokens, completionTokens }) => promptTokens + completionTokens),
    ),
    money: Object.fromEntries(
      Object.keys(best.money).map((currency) => [currency, over(({ money }) => money[currency]!)]),
    ),
    unknown: unknownOf(observed, options),
    hours: over(({ hours }) => hours),
    gpuHours: hasGpus ? over(({ gpuHours }) => gpuHours) : null,
    servers: groups.toSorted((a, b) => b.hours.mean - a.hours.mean),
  };
}

interface Drawn {
  rowsIn: number;
  rowsKept: number;
  steps: { rowsIn: number; kept: number; models: Record<string, ModelDraw> }[];
  groups: { models: string[]; servers: number; hours: number; isFull: boolean }[];
  hours: number;
  gpuHours: number;
  money: Record<string, number>;
}

interface ModelDraw {
  requests: number;
  promptTokens: number;
  completionTokens: number;
  cachedTokens: number;
  busyS: number;
}

/** One draw; the most likely one without `random`. */
function drawn(observed: Observed, options: EstimateOptions, random: Random | null): Drawn {
  const shares = observed.steps.map((step) => shareOf(step, random));
  const all = shares.reduce((product, share) => product * share, 1);
  const rowsIn = rowsNeeded(options, all, observed.rows);
  // A row in flight has gone half its way, on average.
  const more = 1 + (rowsIn > 0 ? inFlightAtEnd(options, all, rowsIn) / 2 / rowsIn : 0);
  let rows = rowsIn;
  const steps = observed.steps.map((step, at) => {
    const before = rows;
    rows *= shares[at]!;
    return { rowsIn: before, kept: rows, models: modelsOf(step, before * more, random) };
  });
  const groups = groupsOf(observed, steps, options);
  const { cpuMsPerRow = 0 } = options;
  const hours = wallHours({
    ...{ observed, groups, cpuHours: (rowsIn * cpuMsPerRow) / 3.6e6 },
  });
  return { rowsIn, rowsKept: rows, steps, groups, hours, ...moneyOf(steps, groups, hours, options) };
}

/** Rows that leave a step for each that comes; some steps make more of them. */
function shareOf({ rowsIn, kept }: ObservedStep, random: Random | null): number {
  if (rowsIn === 0) return 1;
  if (random === null) return kept / rowsIn;
  if (kept <= rowsIn) return betaDraw(kept + 0.5, rowsIn - kept + 0.5, random);
  return Math.max(0, kept + normalDraw(random) * Math.sqrt(kept)) / rowsIn;
}

function rowsNeeded({ target, rows }: EstimateOptions, share: number, observed: number): number {
  const forTarget = target === undefined ? Infinity : share > 0 ? target / share : Infinity;
  const needed = Math.min(forTarget, rows ?? Infinity);
  return Number.isFinite(needed) ? needed : observed;
}

/**
 * Rows that a target leaves behind unfinished, though requests were paid for them: as many as the gate (src/flow/gate.ts) lets in
 * beyond those that are needed. Nothing is known of the shares until the first rows are through, so a small run fills its window.
 */
function inFlightAtEnd(
  { target, rows = Infinity, windowRows = 0 }: EstimateOptions,
  share: number,
  rowsIn: number,
): number {
  if (target === undefined || share === 0 || rowsIn >= rows) return 0;
  const left = Math.min(target, share * windowRows);
  const beyond = Math.max(windowRows - rowsIn, (2 * Math.sqrt(left)) / share);
  return Math.min(beyond, windowRows, rows - rowsIn);
}

function modelsOf(
  { rowsIn, uses }: ObservedStep,
  rows: number,
  random: Random | null,
): Record<string, ModelDraw> {
  return Object.fromEntries(
    Object.entries(uses).map(([model, use]) => [
      model,
      modelOf(use, rowsIn === 0 ? 0 : rows / rowsIn, random),
    ]),
  );
}

function modelOf(use: StepUse, scale: number, random: Random | null): ModelDraw {
  const mean = use.requests > 0 ? use.completionTokens / use.requests : 0;
  const variance =
    use.requests > 1 ? Math.max(0, use.completionSquares / use.requests - mean * mean) : mean * mean;
  const error = use.requests > 0 ? Math.sqrt(variance / use.requests) : 0;
  const length = random === null ? mean : Math.max(0, mean + error * normalDraw(random));
  const requests = use.requests * scale;
  return {
    ...{ requests, promptTokens: use.promptTokens * scale, cachedTokens: use.cachedTokens * scale },
    completionTokens: requests * length,
    // A longer reply takes longer.
    busyS: use.busyS * scale * (mean > 0 ? length / mean : 1),
  };
}

/** Models on the same servers share their time. */
function groupsOf(observed: Observed, steps: Drawn['steps'], { servers }: EstimateOptions): Drawn['groups'] {
  const uses = busyIn(steps);
  return observed.servers.map((group) => {
    const { models, isFull } = group;
    const { now = 1, observed: then = 1 } = servers[models[0]!] ?? {};
    const seconds = busySecondsOf(group, uses);
    return { models, servers: now, isFull, hours: ((seconds / 3600) * then) / now };
  });
}

function busyIn(steps: readonly { models: Record<string, { busyS: number }> }[]): BusyUse[] {
  return steps.flatMap(({ models }) =>
    Object.entries(models).map(([model, { busyS }]) => ({ model, busyS })),
  );
}

interface Wall {
  observed: Observed;
  groups: Drawn['groups'];
  cpuHours: number;
}

/** The busiest servers, and what a run takes to fill and to empty: what the observed one took beside its busiest ones. */
function wallHours({ observed, groups, cpuHours }: Wall): number {
  return (
    busyHours(
      groups.map(({ hours }) => hours),
      cpuHours,
    ) + fillHours(observed)
  );
}

function fillHours({ steps, servers, wallS }: Observed): number {
  const uses = busyIn(steps.map(({ uses: models }) => ({ models })));
  const busyS = servers.map((group) => busySecondsOf(group, uses));
  return Math.max(0, wallS - Math.max(0, ...busyS)) / 3600;
}

/** So many servers of this kind would be as fast as the fastest of all are now. */
function enoughOf({ groups }: Drawn, at: number): number {
  const fastest = Math.min(...groups.map(({ hours }) => hours).filter((hours) => hours > 0));
  const { servers, hours } = groups[at]!;
  return Number.isFinite(fastest) ? Math.max(1, Math.ceil((servers * hours) / fastest - 1e-9)) : servers;
}

function moneyOf(
  steps: Drawn['steps'],
  groups: Drawn['groups'],
  hours: number,
  { paid }: EstimateOptions,
): Pick<Drawn, 'money' | 'gpuHours'> {
  const asked = steps.flatMap(({ models }) =>
    Object.entries(models).flatMap(([name, use]): [string, number][] => {
      const price = paid[name]?.price;
      return price ? [[price.currency, requestsCost(price, { ...use, failures: 0 })]] : [];
    }),
  );
  const held = groups.map(({ models, servers }) => ({
    gpuHours: Math.max(0, ...models.map((name) => paid[name]?.gpus ?? 0)) * servers * hours,
    price: models.map((name) => paid[name]?.price).find((each) => each?.gpuHour !== undefined),
  }));
  const rented = held.flatMap(({ gpuHours, price }): [string, number][] =>
    price ? [[price.currency, gpuHours * price.gpuHour!]] : [],
  );
  return {
    money: sumByCurrency([...asked, ...rented]),
    gpuHours: held.reduce((sum, { gpuHours }) => sum + gpuHours, 0),
  };
}

function sumByCurrency(amounts: readonly [string, number][]): Record<string, number> {
  const sums = new Map<string, number>();
  for (const [currency, amount] of amounts) sums.set(currency, (sums.get(currency) ?? 0) + amount);
  return Object.fromEntries(sums);
}

function sumOf({ steps }: Drawn, pick: (use: ModelDraw) => number): number {
  return steps.reduce(
    (sum, { models }) => sum + Object.values(models).reduce((own, use) => own + pick(use), 0),
    0,
  );
}

function unknownOf({ steps }: Observed, { paid }: EstimateOptions): Record<string, string> {
  const unknown: Record<string, string> = {};
  for (const [name, { price }] of Object.entries(paid)) {
    const uses = steps.flatMap(({ uses: own }) => own[name] ?? []);
    const requests = uses.reduce((sum, use) => sum + use.requests, 0);
    const hits = uses.reduce((sum, use) => sum + use.storeHits, 0);
    if (!price) unknown[name] = 'it has no price';
    else if (requests === 0 && hits > 0)
      unknown[name] = 'all its calls were answered by the store of replies';
    else if (requests === 0) unknown[name] = 'it was not asked';
  }
  return unknown;
}

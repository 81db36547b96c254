import type { StepUse } from '../../backends/model.js';
import type { MeasuredEvent } from '../events.js';

/** What a run, a pilot or a file tells of the cost of rows. */
export interface Observed {
  /** Source rows that the first step has decided. */
  rows: number;
  /** Seconds that they took. */
  wallS: number;
  /** In the order of the plan. */
  steps: ObservedStep[];
  /** One for each set of servers. */
  servers: ObservedServers[];
}

export interface ObservedStep {
  step: string;
  /** Rows that the step decided. */
  rowsIn: number;
  /** Rows that left it. */
  kept: number;
  /** Model → what the step used of it. */
  uses: Record<string, StepUse>;
}

export interface ObservedServers {
  /** The models on them. */
  models: string[];
  /** Requests that they have at once when they have all that they take. */
  inFlight: number;
  /** Whether that was while others waited; else they may take more. */
  isFull: boolean;
}

/**
 * How a run stood again and again, in one start of it; the last time counts. `serversOf` names the servers of a model. Null where
 * nothing was decided.
 */
export function observedIn(
  steps: readonly string[],
  events: readonly MeasuredEvent[],
  serversOf: (model: string) => string,
): Observed | null {
  const last = events.at(-1);
  const rows = last?.steps[steps[0]!]?.rowsIn ?? 0;
  if (!last || rows === 0) return null;
  return {
    ...{ rows, wallS: last.elapsedS },
    servers: groupsOf(Object.keys(last.models), serversOf).map((models) => loadOf(models, events)),
    steps: steps.map((step) => {
      const { rowsIn = 0, kept = 0 } = Object.hasOwn(last.steps, step) ? last.steps[step]! : {};
      return { step, rowsIn, kept, uses: usesOf(last, step) };
    }),
  };
}

export function groupsOf(models: readonly string[], serversOf: (model: string) => string): string[][] {
  const groups = new Map<string, string[]>();
  for (const model of models) groups.set(serversOf(model), [...(groups.get(serversOf(model)) ?? []), model]);
  return [...groups.values()];
}

function usesOf({ models }: MeasuredEvent, step: string): Record<string, StepUse> {
  const uses = Object.entries(models).flatMap(([name, { steps = {} }]): [string, StepUse][] =>
    Object.hasOwn(steps, step) ? [[name, steps[step]!]] : [],
  );
  return Object.fromEntries(uses);
}

/** The mean of what servers had at once while requests waited for them, or the most that they ever had. */
function loadOf(models: string[], events: readonly MeasuredEvent[]): ObservedServers {
  let most = 0;
  let [full, fullTimes] = [0, 0];
  for (const event of events) {
    const stats = models.flatMap((name) => event.models[name] ?? []);
    const inFlight = stats.reduce((sum, each) => sum + each.inFlight, 0);
    most = Math.max(most, inFlight);
    if (inFlight === 0 || stats.every(({ queued }) => queued === 0)) continue;
    full += inFlight;
    fullTimes += 1;
  }
  return { models, inFlight: fullTimes > 0 ? full / fullTimes : most, isFull: fullTimes > 0 };
}

/** Seconds that the servers were busy with what a group of models was asked. */
export function busySecondsOf({ models, inFlight }: ObservedServers, uses: readonly BusyUse[]): number {
  const busyS = uses.reduce((sum, use) => sum + (models.includes(use.model) ? use.busyS : 0), 0);
  return inFlight > 0 ? busyS / inFlight : 0;
}

export interface BusyUse {
  model: string;
  busyS: number;
}

import { basename } from 'node:path';
import type { ChainPlace, FollowedWork } from '../run/chain/chainLinks.js';
import { costOf, paidModels } from '../run/cost.js';
import { newRunState, nextRunState } from '../run/monitor/runState.js';
import { packageVersion } from '../run/systemWorld.js';
import { filledRemover } from '../train/environment.js';
import { type Metered, type Reading, type RunFacts, type UseNow, afterEvent, notMetered } from './meter.js';

/** A run that monitors are told of, or trainings on one. */
export interface FollowedRun {
  /** What is known now. */
  read(): Reading;
  stop(): void;
}

/** What is told before there is a run. */
export function readNothing(): Reading {
  return { ...notMetered([]), facts: null, models: {}, cost: NO_COST, trainings: [], use: useNow() };
}

const NO_COST = { money: {}, gpuHours: null };

/** Follows a run that began now; `chain` is where it stands in a chain. */
export function followRun(
  { plan, folder, events, stats = () => ({}), result }: FollowedWork,
  now: Date,
  chain?: ChainPlace,
): FollowedRun {
  const clean = filledRemover(plan.filled);
  let metered: Metered = notMetered(plan.steps.map(({ label }) => label));
  let state = newRunState();
  const facts: RunFacts = {
    ...{ pipeline: clean(plan.name), run: clean(basename(folder)), version: packageVersion() },
    ...{ startedS: now.getTime() / 1000, target: plan.settings.target },
    chain: chain && { ...chain, chain: clean(chain.chain), link: clean(chain.link) },
  };
  const paid = paidModels(plan);
  const subscription = events.subscribe((event) => {
    metered = afterEvent(metered, event);
    state = nextRunState(state, event);
  });

  // A training that fails ends the run with an error, and no event tells it.
  void result.catch(() => void (metered = { ...metered, phase: 'failed' }));

  function read(): Reading {
    const models = stats();
    return {
      ...metered,
      ...{ rowsInFlight: state.inFlight, progress: state.progress, remainingS: state.remainingS },
      facts,
      steps: withCleanKeys(metered.steps, clean),
      lost: metered.lost.map((own) => ({ ...own, step: clean(own.step), reason: clean(own.reason) })),
      models: withCleanReplicas(withCleanKeys(models, clean), clean),
      cost: costOf(paid, models),
      trainings: state.trainings.map((own) => ({ ...own, label: clean(own.label) })),
      use: useNow(),
    };
  }

  return {
    read,
    stop: () => subscription.unsubscribe(),
  };
}

/** A label of a file may hold what the environment filled in. */
function withCleanKeys<T>(record: Readonly<Record<string, T>>, clean: (text: string) => string) {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [clean(key), value]));
}

function withCleanReplicas(models: Reading['models'], clean: (text: string) => string): Reading['models'] {
  return Object.fromEntries(
    Object.entries(models).map(([name, { replicas, ...stats }]) => [
      name,
      replicas ? { ...stats, replicas: replicas.map((own) => ({ ...own, url: clean(own.url) })) } : stats,
    ]),
  );
}

function useNow(): UseNow {
  const { user, system } = process.cpuUsage();
  return { cpuS: (user + system) / 1e6, residentBytes: process.memoryUsage.rss() };
}

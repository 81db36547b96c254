import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Allowance } from '../../backends/allowance.js';
import { bosFault } from '../../backends/templates/bosFault.js';
import type { Model, ModelStats } from '../../backends/model.js';
import { type OpenModelDeps, openModel } from '../../backends/openModel.js';
import { type ModelConfig, describeModel } from '../../backends/registry.js';
import { createSharedPools } from '../../backends/pool/sharedPools.js';
import { type ReplyStore, withStore } from '../../backends/cache/stored.js';
import type { LogEvent } from '../../io/runFolder/runLog.js';
import { contentsHash } from '../../io/files/contents.js';
import type { Store } from '../../store/store.js';
import { modelFiles } from '../../pipeline/check/identity.js';
import { hashOf } from '../../pipeline/hash.js';
import type { Plan } from '../../pipeline/plan.js';
import type { Emit, StartingEvent } from '../events.js';
import type { PlacedStages, StepResultCache } from '../stream/runPlan.js';
import { type StoreLock, stepResultCacheOf, openStoreOf } from './openStore.js';

type ServedEvent = Extract<LogEvent, { event: 'served' }>;

export interface OpenedModels {
  models: Record<string, Model>;
  /** The servers that were started for them. */
  served?: readonly ServedEvent[];
  /** Stays open until the last of the models is closed. */
  stepResults?: StepResultCache;
  /** What workers do of the steps. */
  placed?: PlacedStages;
}

/**
 * Opens the models that the steps use, all at once. If one cannot be opened, the others are closed again. With a store, the
 * models look there first, and the store closes with the last of them. `runPath` is the run folder: it names the run in the
 * store, and the store lies beside it unless the pipeline file says otherwise.
 */
export async function openModels(
  plan: Plan,
  {
    env,
    runPath = plan.settings.output.folder ?? join('runs', plan.name),
    lock,
    signal,
    emit,
    allowance,
    replies = (store) => store,
  }: {
    env: OpenModelDeps['env'];
    runPath?: string;
    /** The lock of the run folder. */
    lock?: StoreLock;
    signal?: AbortSignal;
    /** Gets what is waited for. */
    emit?: Emit<StartingEvent>;
    /** Lets the requests of a model through as far as a budget reaches. */
    allowance?: ((model: string) => Allowance) | undefined;
    /** What stands between the models and the store. */
    replies?: (store: Store) => ReplyStore;
  },
): Promise<OpenedModels> {
  const used = new Set(
    plan.steps.flatMap(({ spec, parsed }) => spec.models(parsed).map(({ model }) => model)),
  );
  const entries = Object.entries(plan.models).filter(([name]) => used.has(name));
  const store = entries.length > 0 ? await openStoreOf(plan, runPath, lock) : null;
  const served: ServedEvent[] = [];
  const onStarting: OpenModelDeps['onStarting'] = (model, { waitedMs, isReady, line }) => {
    const seconds = Math.round(waitedMs / 100) / 10;
    if (isReady) served.push({ event: 'served', model, startedS: seconds, line });
    else emit?.({ event: 'starting', model, waitedS: seconds, line });
  };
  const deps = {
    env,
    folder: plan.folder,
    pools: createSharedPools(),
    ...(signal ? { signal } : {}),
    onStarting,
  };
  const results = await Promise.allSettled(
    entries.map(([name, config]) => openModel(name, config, { ...deps, allowance: allowance?.(name) })),
  );
  const opened = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  try {
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
    const faults = await Promise.all(entries.map(([name, config]) => bosFault(name, config, deps, true)));
    const fault = faults.find((each) => each !== null);
    if (fault) throw fault;
    const models = store ? await storeModels(plan, opened, store, replies(store)) : opened;
    return {
      models: Object.fromEntries(models.map((model) => [model.name, model])),
      served,
      ...(store ? { stepResults: stepResultCacheOf(plan, store) } : {}),
    };
  } catch (error) {
    await closeModels(opened);
    await store?.close().catch(() => {});
    throw error;
  }
}

/** Puts the models behind the store, which closes with the last of them. */
export async function storeModels(
  plan: Plan,
  models: readonly Model[],
  store: Store,
  replies: ReplyStore = store,
): Promise<Model[]> {
  let open = models.length;
  return Promise.all(
    models.map(async (model) => {
      let closing: Promise<void> | null = null;
      const close = async (): Promise<void> => {
        await model.close();
        open -= 1;
        if (open === 0) await store.close();
      };
      const identity = await storeIdentity(plan, plan.models[model.name]!);
      return { ...withStore(model, replies, identity), close: () => (closing ??= close()) };
    }),
  );
}

/**
 * What decides which replies of a store are this model's. Several pipeline files may share a store, so a model file counts by its
 * contents, not by its path.
 */
export async function storeIdentity({ folder }: Pick<Plan, 'folder'>, config: ModelConfig): Promise<string> {
  const { identity, files } = describeModel(config);
  const read = files.flatMap(({ path }) => modelFiles(resolve(folder, path)).filter(existsSync));
  const held = read.map((path) => contentsHash(path));
  return hashOf({ identity, files: await Promise.all(held) });
}

export async function closeModels(models: Iterable<Model>): Promise<void> {
  await Promise.allSettled([...models].map((model) => model.close()));
}

/** The counters of each model, by its name. */
export function statsOf(models: Readonly<Record<string, Model>>): Record<string, ModelStats> {
  return Object.fromEntries(Object.values(models).map((model) => [model.name, model.stats()]));
}

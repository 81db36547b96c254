import { existsSync } from 'node:fs';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { bosFault } from '../backends/templates/bosFault.js';
import { systemClock, wallNowMs } from '../clock.js';
import type { Model } from '../backends/model.js';
import { type OpenModelDeps, openModel } from '../backends/openModel.js';
import { type ModelConfig, describeModel, keyVariablesOf } from '../backends/registry.js';
import { createSharedPools } from '../backends/pool/sharedPools.js';
import { withStore } from '../backends/cache/stored.js';
import { contentsHash } from '../io/files/contents.js';
import { codeHash } from '../io/files/codeHash.js';
import { nodeFiles } from '../io/files/files.js';
import { type Store, openStore } from '../store/store.js';
import { modelFiles } from '../pipeline/check/identity.js';
import { hashOf } from '../pipeline/hash.js';
import type { Plan } from '../pipeline/plan.js';
import type { StepResultCache } from './runPlan.js';
import type { OpenedModels } from './runInto.js';

/** Beside the run folders, so that it outlives each of them. */
export const STORE_FOLDER = '.store';

/**
 * Opens the models that the steps use, all at once; closes those that opened if another cannot. They ask the store first,
 * where the file has one; it closes with the last of them. `runPath`: the run folder, of which the store takes the run's
 * name, and its own place where the file names none.
 */
export async function openModels(
  plan: Plan,
  {
    env,
    runPath = plan.settings.output.folder ?? join('runs', plan.name),
    signal,
  }: { env: OpenModelDeps['env']; runPath?: string; signal?: AbortSignal },
): Promise<OpenedModels> {
  const used = new Set(
    plan.steps.flatMap(({ spec, parsed }) => spec.models(parsed).map(({ model }) => model)),
  );
  const entries = Object.entries(plan.models).filter(([name]) => used.has(name));
  const store = entries.length > 0 ? await openStoreOf(plan, runPath) : null;
  const deps = {
    env,
    keyVariables: keyVariablesOf(Object.values(plan.models)),
    folder: plan.folder,
    pools: createSharedPools(),
    ...(signal ? { signal } : {}),
  };
  const results = await Promise.allSettled(entries.map(([name, config]) => openModel(name, config, deps)));
  const opened = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  try {
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
    const faults = await Promise.all(entries.map(([name, config]) => bosFault(name, config, deps, true)));
    const fault = faults.find((each) => each !== null);
    if (fault) throw fault;
    const models = store ? await storeModels(plan, opened, store) : opened;
    return {
      models: Object.fromEntries(models.map((model) => [model.name, model])),
      ...(store ? { stepResults: stepResultCacheOf(plan, store) } : {}),
    };
  } catch (error) {
    await closeModels(opened);
    await store?.close().catch(() => {});
    throw error;
  }
}

async function openStoreOf({ settings }: Plan, runPath: string): Promise<Store | null> {
  if (settings.store === 'none') return null;
  const path = settings.store ?? join(dirname(runPath), STORE_FOLDER);
  const { sleep } = systemClock;
  return openStore(path, runNameIn(path, runPath), { files: nodeFiles, nowMs: wallNowMs, sleep });
}

/** LMDB's keys have an end. */
const RUN_NAME_BYTES_MAX = 400;

/** Of two run folders with one name each has its own: its path from where the store lies. */
export function runNameIn(storePath: string, runPath: string): string {
  const name = relative(dirname(resolve(storePath)), resolve(runPath))
    .split(sep)
    .join('/');
  if (Buffer.byteLength(name) <= RUN_NAME_BYTES_MAX) return name;
  return `${hashOf(name).slice(0, 12)}/${basename(runPath)}`;
}

/** Large enough that reading a segment costs little a row, small enough that a window holds several. */
const SEGMENT_ROWS = 512;

/** The store's step results for this plan and this version of the code. */
export function stepResultCacheOf({ stepFingerprints }: Plan, { stepResults }: Store): StepResultCache {
  const code = codeHash();
  const own = stepFingerprints.map((fingerprint) => hashOf({ code, fingerprint }));
  return {
    segmentRows: SEGMENT_ROWS,
    get: (step, lo) => stepResults.get(own[step]!, lo),
    count: stepResults.count,
    put: (lo, results) =>
      stepResults.put(
        lo,
        results.map(({ step, bytes }) => ({ fingerprint: own[step]!, bytes })),
      ),
  };
}

/** The same models behind the store; it closes with the last of them. */
export async function storeModels(plan: Plan, models: readonly Model[], store: Store): Promise<Model[]> {
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
      return { ...withStore(model, store, identity), close: () => (closing ??= close()) };
    }),
  );
}

/** A path is no identity for a store that several pipeline files share: what its file holds is. */
async function storeIdentity({ folder }: Plan, config: ModelConfig): Promise<string> {
  const { identity, files } = describeModel(config);
  const read = files.flatMap(({ path }) => modelFiles(resolve(folder, path)).filter(existsSync));
  const held = read.map((path) => contentsHash(path));
  return hashOf({ identity, files: await Promise.all(held) });
}

export async function closeModels(models: Iterable<Model>): Promise<void> {
  await Promise.allSettled([...models].map((model) => model.close()));
}

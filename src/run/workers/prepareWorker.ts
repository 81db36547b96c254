import { withStore } from '../../backends/cache/stored.js';
import type { Model } from '../../backends/model.js';
import { ScaleQuestError } from '../../errors.js';
import { differenceOf } from '../../io/runFolder/runFolder.js';
import type { Plan } from '../../pipeline/plan.js';
import type { PlanMessage } from '../../workers/messages.js';
import type { RemoteReplies } from '../../workers/remoteReplies.js';
import { closeModels, openModels, statsOf, storeIdentity } from '../open/openModels.js';
import { planSnapshot, promptOf } from '../plan/planPipeline.js';
import type { SystemWorld } from '../systemWorld.js';
import { createStepChains } from './stepChains.js';
import type { PreparedWorker } from './workerLoop.js';

/**
 * Checks the coordinator's pipeline file here, and opens the models that its steps ask. Throws ERR_WORKER_REFUSED where it comes to
 * another identity than at the coordinator: a worker with another prompt would make another set.
 */
export async function prepareWorker(
  told: PlanMessage,
  replies: RemoteReplies | null,
  { env, signal }: Pick<SystemWorld, 'env'> & { signal: AbortSignal },
): Promise<PreparedWorker> {
  const plan = await planSnapshot(told.file, told.text, { env });
  if (plan.identity !== told.identity) throw otherPipeline(plan, told);
  // The store is the coordinator's.
  const alone = { ...plan, settings: { ...plan.settings, store: 'none' } } as Plan;
  const opened = (await openModels(alone, { env, signal })).models;
  const entries = Object.entries(opened).map(async ([name, model]): Promise<[string, Model]> => {
    if (!replies) return [name, model];
    return [name, withStore(model, replies, await storeIdentity(plan, plan.models[name]!))];
  });
  const models = Object.fromEntries(await Promise.all(entries));
  return {
    identity: plan.identity,
    chains: createStepChains(plan, { models, prompt: promptOf(plan) }),
    counts: () => statsOf(models) as unknown as ReturnType<PreparedWorker['counts']>,
    close: () => closeModels(Object.values(models)),
  };
}

function otherPipeline({ file, parts }: Plan, told: PlanMessage): ScaleQuestError {
  const changes = differenceOf(told.parts, parts);
  return new ScaleQuestError(
    'ERR_WORKER_REFUSED',
    `${file} comes to another pipeline here than at the run: ${changes.slice(0, 5).join('; ') || 'its files differ'}. ` +
      'Give this machine the same files and the same environment variables',
  );
}

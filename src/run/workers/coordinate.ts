import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ReplyStore } from '../../backends/cache/stored.js';
import type { Model, ModelStats, StepUse } from '../../backends/model.js';
import { describeModel } from '../../backends/registry.js';
import { ScaleQuestError } from '../../errors.js';
import { codeHash } from '../../io/files/codeHash.js';
import { packageVersion } from '../../io/files/packageFiles.js';
import { own } from '../../pipeline/own.js';
import type { Plan } from '../../pipeline/plan.js';
import type { Store } from '../../store/store.js';
import { type WorkerEvent, createDispatcher } from '../../workers/dispatcher.js';
import { type Listening, listenForWorkers } from '../../workers/listen.js';
import { startLocalWorkers } from '../../workers/localWorkers.js';
import type { PlanMessage } from '../../workers/messages.js';
import { type ReplyDesk, createReplyDesk } from '../../workers/replyDesk.js';
import { drawToken } from '../../workers/token.js';
import { WORKER_TOKEN_VARIABLE } from './tokenVariable.js';
import { type WorkersOptions, promptOf } from '../plan/planPipeline.js';
import type { PlacedStages, RunDeps } from '../stream/runPlan.js';
import type { SystemWorld } from '../systemWorld.js';
import { addCounters } from '../addCounters.js';
import { addThoughts } from '../monitor/totals.js';
import { addReplicas } from './addReplicas.js';
import { placeStage } from './placeStage.js';
import { stagesOf } from './stages.js';
import { createStepChains } from './stepChains.js';

export interface Coordinator {
  placed: PlacedStages;
  /** Where it listens. */
  url: string;
  /** The models of this process, whose counters have those of the workers in them. */
  models: Record<string, Model>;
  close(isDone: boolean): Promise<void>;
}

export interface CoordinatorDeps extends Pick<SystemWorld, 'env' | 'clock'> {
  models: Readonly<Record<string, Model>>;
  /** Null in a run without a store. */
  desk: ReplyDesk | null;
  onEvent: (event: WorkerEvent) => void;
}

const PROGRAM = fileURLToPath(new URL('./workerProcess.js', import.meta.url));

/**
 * What stands between the store and the models of a run with workers. A model of this process, too, asks what no worker asks.
 */
export function deskOver(store: Store): { desk: ReplyDesk; own: ReplyStore } {
  const desk = createReplyDesk(store);
  const { get, put, release } = desk.owner();
  return { desk, own: { path: store.path, count: store.count, get, put, release } };
}

/** Listens for the workers of a run, and starts those of this machine. */
export async function openCoordinator(
  plan: Plan,
  { count = 0, listen, token = drawToken() }: WorkersOptions,
  { models, desk, env, clock, onEvent }: CoordinatorDeps,
): Promise<Coordinator> {
  const here = createStepChains(plan, { models, prompt: promptOf(plan) });
  const told = planMessage(plan, clock.nowMs(), desk !== null);
  const dispatcher = createDispatcher({ clock, plan: told, desk, onEvent, runHere: here.run });
  const hello = { token, code: codeHash(), version: packageVersion() };
  const { host, port } = listen ?? { host: '127.0.0.1', port: 0 };
  let listening: Listening;
  try {
    listening = await listenForWorkers({ host, port, clock, ...hello }, dispatcher.join);
  } catch (error) {
    dispatcher.close(false);
    throw error;
  }
  const local = startLocalWorkers({
    ...{ count, clock },
    command: [process.execPath, PROGRAM, localUrl(listening.url)],
    env: { ...env, [WORKER_TOKEN_VARIABLE]: token },
  });
  const stages = stagesOf(plan.steps);
  return {
    url: listening.url,
    models: withCounts(models, dispatcher.counts),
    placed: {
      stages,
      place: (at, deps: Pick<RunDeps, 'onCounts'> & { isCached: boolean }) =>
        placeStage(plan, stages[at]!, { run: dispatcher.run, ...deps }),
    },
    async close(isDone) {
      here.close();
      dispatcher.close(isDone);
      await Promise.all([listening.close(), local.close()]);
    },
  };
}

/** The text names variables of the environment, whose values stay here: workers have their own. */
function planMessage(plan: Plan, nowMs: number, hasStore: boolean): PlanMessage {
  const { file, text, identity, parts } = plan;
  const session = `${nowMs.toString(36)}-${process.pid}`;
  return { kind: 'plan', session, file: resolve(file), text, identity, parts, hasStore };
}

/** Each worker asks the servers by itself, so it must find them. Throws ERR_USAGE for a server that a run would start, and for a budget. */
export function assertWorkable(plan: Plan): void {
  if (plan.settings.budget)
    throw new ScaleQuestError(
      'ERR_USAGE',
      `${plan.file}: found \`budget\` beside workers, expected one of them: workers ask the servers by themselves, and none knows what ` +
        'the others spend. Leave out --workers and --listen, or the budget',
    );
  const managed = Object.entries(plan.models).find(
    ([, config]) => describeModel(config).servers?.isManaged ?? false,
  );
  if (!managed) return;
  throw new ScaleQuestError(
    'ERR_USAGE',
    `${plan.file}: the model ${managed[0]} has \`serve\`, which starts a server for one process, but workers are processes of ` +
      'their own. Start the server yourself, and name it in `replicas`, or list it with `scalequest serve` in a folder for `replicasFrom`',
  );
}

/** Every address of a machine is also at its loopback. */
function localUrl(url: string): string {
  return url.replace(/\/\/(0\.0\.0\.0|\[::\])/, '//127.0.0.1');
}

type Counts = ReturnType<ReturnType<typeof createDispatcher>['counts']>;

function withCounts(models: Readonly<Record<string, Model>>, countsOf: () => Counts): Record<string, Model> {
  const entries = Object.entries(models).map(([name, model]): [string, Model] => [
    name,
    {
      ...model,
      stats() {
        const others = countsOf().flatMap((counts): Counts[number][string][] => {
          const counted = own(counts, name);
          return counted ? [counted] : [];
        });
        return others.reduce<ModelStats>((sum, other) => addStats(sum, other), model.stats());
      },
    },
  ]);
  return Object.fromEntries(entries);
}

/** What steps used, added up. */
function addUses(one: ModelStats['steps'], other: ModelStats['steps']): ModelStats['steps'] {
  if (!one || !other) return one ?? other;
  const sum = new Map(Object.entries(one));
  for (const [step, use] of Object.entries(other)) {
    const known = sum.get(step);
    sum.set(step, known ? addUse(known, use) : use);
  }
  return Object.fromEntries(sum);
}

const USE_COUNTED = [
  ...(['requests', 'promptTokens', 'cachedTokens', 'completionTokens', 'completionSquares'] as const),
  ...(['busyS', 'storeHits'] as const),
];

function addUse(one: StepUse, other: StepUse): StepUse {
  return { ...addCounters(USE_COUNTED, one, other), ...addThoughts(one, other) };
}

const COUNTED = [
  ...(['requests', 'retries', 'failures', 'inFlight', 'queued'] as const),
  ...(['promptTokens', 'completionTokens', 'memoryPeakBytes'] as const),
];

/** What a worker counted, added to what others did. It runs the same code, so its counts are what they seem. */
function addStats(one: ModelStats, counted: Counts[number][string]): ModelStats {
  const other = counted as unknown as ModelStats;
  const notes = new Map(Object.entries(one.notes ?? {}));
  for (const [note, count] of Object.entries(other.notes ?? {}))
    notes.set(note, (notes.get(note) ?? 0) + count);
  const storeHits =
    one.storeHits === undefined && other.storeHits === undefined
      ? {}
      : { storeHits: (one.storeHits ?? 0) + (other.storeHits ?? 0) };
  const trouble = one.trouble ?? other.trouble;
  const cachedTokens = (one.cachedTokens ?? 0) + (other.cachedTokens ?? 0);
  const steps = addUses(one.steps, other.steps);
  const replicas = addReplicas(one.replicas, other.replicas);
  return {
    ...addCounters(COUNTED, one, other),
    ...storeHits,
    // All ask the same servers.
    ...(one.serverS === undefined ? {} : { serverS: one.serverS }),
    ...(cachedTokens > 0 ? { cachedTokens } : {}),
    ...addThoughts(one, other),
    ...(steps ? { steps } : {}),
    ...(replicas ? { replicas } : {}),
    ...(notes.size > 0 ? { notes: Object.fromEntries(notes) } : {}),
    ...(trouble === undefined ? {} : { trouble }),
  };
}

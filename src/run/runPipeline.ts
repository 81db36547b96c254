import { hubOf } from '../io/hub/hubAccess.js';
import { type Observable, Subject } from 'rxjs';
import type { Model, ModelStats } from '../backends/model.js';
import { type Pause, createPause } from '../flow/pause.js';
import { makeRunFolder } from '../io/runFolder/runFolder.js';
import type { RunLock } from '../io/runFolder/runLock.js';
import { holdRunFolder } from '../io/runFolder/takeOver.js';
import { readSample } from '../io/runFolder/sample.js';
import type { Plan } from '../pipeline/plan.js';
import { withoutFilled } from '../train/environment.js';
import type { TrainingResult } from '../train/train.js';
import { openBudget } from './budget/openBudget.js';
import type { Emit, RunEvent } from './events.js';
import { nothingMeasured } from './report/figures.js';
import { type OpenedModels, closeModels, openModels, statsOf } from './open/openModels.js';
import { type RunOptions, type WorkersOptions, planToRun, promptOf } from './plan/planPipeline.js';
import type { Report, RunResult } from './report/report.js';
import { runFolderOf } from './runFolders.js';
import { type WritePage, runInFolder } from './runInFolder.js';
import { type SystemWorld, systemWorld } from './systemWorld.js';
import { launchTrainings } from './trainPipeline.js';
import { watchLock } from './watchLock.js';
import type { Coordinator } from './workers/coordinate.js';

/** A run of a pipeline that has begun. */
export interface PipelineRun {
  /** The checked pipeline. */
  plan: Plan;
  /** The run folder. */
  folder: string;
  /** Emits what happens, as it happens, and completes when the run has ended in any way. Late subscribers miss what was before. */
  events: Observable<RunEvent>;
  /** The counters of each model now; empty before the models are open. */
  stats(): Record<string, ModelStats>;
  /** With `true` no further row is read; rows in flight are finished, and the run waits. With `false` it goes on. */
  setPaused(isPaused: boolean): void;
  /** Rejects with whatever ended the run. */
  result: Promise<RunOutcome>;
}

/** What a run came to: its report, and the trainings behind it. */
export interface RunOutcome extends RunResult {
  /** The source ended before `target` rows were kept. Then nothing is trained. */
  isShort: boolean;
  /** What became of each training. */
  trained: readonly TrainingResult[];
}

/**
 * Runs a pipeline file as `scalequest run` does. A run that was begun before goes on from its last commit. The run looks into
 * the store of replies, writes shards, report, card and exports, and launches the trainings. It starts in the next turn of the
 * event loop, so that a subscriber to `events` misses nothing.
 *
 * @throws PipelineProblems for a file with mistakes. What goes wrong later rejects `result`.
 * @example
 * const run = await runPipeline('pipelines/quickstart.yaml', { set: { target: 100 } });
 * run.events.subscribe((event) => event.event === 'committed' && console.log(event.kept));
 * const { report } = await run.result;
 */
export async function runPipeline(
  file: string,
  options: RunOptions = {},
  world: SystemWorld = systemWorld(),
): Promise<PipelineRun> {
  const { out, fresh = false, takeOver = false, signal, workers, calls } = options;
  const plan = await planToRun(file, options, world);
  return startRun(plan, await runFolderOf(plan, out, fresh), signal, world, takeOver, workers, calls);
}

/** The run of a checked plan in its folder. */
export function startRun(
  plan: Plan,
  folder: string,
  signal: AbortSignal = new AbortController().signal,
  world: SystemWorld = systemWorld(),
  takeOver = false,
  workers?: WorkersOptions,
  callShare?: number,
): PipelineRun {
  const events = new Subject<RunEvent>();
  const opened: Opened = { models: {} };
  const emit: Emit<RunEvent> = (event) => events.next(event);
  const pause = createPause();
  pause.onChange(() => emit({ event: 'paused', isPaused: pause.isPaused }));
  const result = withoutFilled(
    afterSubscribers().then(() =>
      runLocked(plan, folder, opened, { ...world, signal, pause, emit, workers, callShare }, takeOver),
    ),
    plan.filled,
  ).finally(() => events.complete());
  return { plan, folder, events, stats: () => statsOf(opened.models), setPaused: pause.set, result };
}

function afterSubscribers(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

interface Opened {
  models: Record<string, Model>;
  /** Only in a run with workers. */
  coordinator?: Coordinator;
}

interface StartedWorld extends SystemWorld {
  signal: AbortSignal;
  pause: Pause;
  emit: Emit<RunEvent>;
  workers: WorkersOptions | undefined;
  callShare: number | undefined;
}

async function runLocked(
  plan: Plan,
  folder: string,
  opened: Opened,
  world: StartedWorld,
  takeOver: boolean,
): Promise<RunOutcome> {
  const { files, clock, signal } = world;
  await makeRunFolder(files, folder);
  const lock = await holdRunFolder(files, folder, clock.sleep, takeOver);
  const watch = watchLock(lock, clock, signal);
  const held = { ...world, files: lock.files, lock, signal: watch.signal };
  try {
    const result = await runRows(plan, folder, opened, held);
    const isShort = isShortOf(plan, result.report);
    return { ...result, isShort, trained: isShort ? [] : await launchTrainings(plan, folder, held) };
  } catch (error) {
    throw await lock.lossBehind(error);
  } finally {
    await watch.end();
    await lock.release().catch(() => {});
  }
}

/** Closes the models at the end: trainers need the memory. */
async function runRows(
  plan: Plan,
  folder: string,
  opened: Opened,
  world: StartedWorld & { lock: RunLock },
): Promise<RunResult> {
  const { env, files, emit, lock, workers } = world;
  let isDone = false;
  const budget = await openBudget(plan, folder, { ...world, stats: () => statsOf(opened.models) });
  const signal = budget ? AbortSignal.any([world.signal, budget.signal]) : world.signal;
  try {
    const result = await runInFolder(plan, folder, {
      ...{ ...world, signal },
      prompt: promptOf(plan),
      writePage,
      hub: hubOf(env, { clock: world.clock }),
      async openModels() {
        const deps = { env, runPath: folder, lock, signal, emit, allowance: budget?.of };
        if (workers) return openWithWorkers(plan, workers, deps, opened, world);
        const found = await openModels(plan, deps);
        opened.models = found.models;
        return found;
      },
    });
    isDone = true;
    emit({ event: 'reported', ...result, sample: await readSample(files, folder) });
    const unmeasured = nothingMeasured(plan, result.report);
    if (unmeasured) throw unmeasured;
    return result;
  } finally {
    await opened.coordinator?.close(isDone);
    await closeModels(Object.values(opened.models));
    // Where it cannot be written any more, it says at least what was spent.
    await budget?.close().catch(() => {});
  }
}

/** Loads what draws charts, at the end of a run. */
const writePage: WritePage = async (files, request) =>
  (await import('./report/page/writeReportPage.js')).writeReportPage(files, request);

/** Loads what a run with workers needs. */
async function openWithWorkers(
  plan: Plan,
  workers: WorkersOptions,
  deps: Parameters<typeof openModels>[1],
  opened: Opened,
  { env, clock, emit }: StartedWorld,
): Promise<OpenedModels> {
  const { assertWorkable, deskOver, openCoordinator } = await import('./workers/coordinate.js');
  assertWorkable(plan);
  let desk: ReturnType<typeof deskOver>['desk'] | null = null;
  const found = await openModels(plan, {
    ...deps,
    replies(store) {
      const over = deskOver(store);
      desk = over.desk;
      return over.own;
    },
  });
  opened.models = found.models;
  const coordinator = await openCoordinator(plan, workers, {
    ...{ env, clock, desk, models: found.models, onEvent: emit },
  });
  opened.coordinator = coordinator;
  opened.models = coordinator.models;
  emit({ event: 'listening', url: coordinator.url, workers: workers.count ?? 0 });
  return { ...found, models: coordinator.models, placed: coordinator.placed };
}

function isShortOf({ settings }: Plan, { rowsKept }: Report): boolean {
  return settings.target !== undefined && rowsKept < settings.target;
}

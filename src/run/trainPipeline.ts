import { resolve } from 'node:path';
import { type Observable, Subject } from 'rxjs';
import { ScaleQuestError } from '../errors.js';
import { hasManifest } from '../io/runFolder/runFolder.js';
import { lockRunFolder } from '../io/runFolder/runLock.js';
import type { Plan } from '../pipeline/plan.js';
import { commandOf } from '../train/command.js';
import { filledRemoved, filledRemover, withoutFilled } from '../train/environment.js';
import type { TrainingWorld } from '../train/launch.js';
import { type Training, labelOf } from '../train/schema.js';
import {
  type Prepared,
  type RunPlaces,
  type TrainingResult,
  prepareToLaunch,
  train,
} from '../train/train.js';
import type { Emit, TrainingEvent, TrainingKind } from './events.js';
import { type RunOptions, planPipeline } from './plan/planPipeline.js';
import { runFolderOf } from './runFolders.js';
import { type SystemWorld, systemWorld } from './systemWorld.js';

/** Trainings of a pipeline on its finished run that have begun. */
export interface PipelineTraining {
  /** The checked pipeline. */
  plan: Plan;
  /** The run folder. */
  folder: string;
  /** Completes when the last training has ended. Late subscribers miss what was before. */
  events: Observable<TrainingEvent>;
  /** Rejects with the error of the first training that fails. */
  result: Promise<readonly TrainingResult[]>;
}

/**
 * Launches the trainings of a pipeline file on its finished run, each once, without running it again. `fresh` trains again, in
 * a folder beside what is finished.
 *
 * @throws PipelineProblems for a file with mistakes. What goes wrong later rejects `result`: ERR_TRAIN_DATA where the run is not
 * finished, ERR_TRAIN_RUNNING, ERR_TRAIN_FAILED, ERR_TRAIN_HUNG, ERR_TRAIN_OUTPUT, ERR_TRAIN_MODEL, ERR_CANCELLED.
 */
export async function trainPipeline(
  file: string,
  options: RunOptions = {},
  world: SystemWorld = systemWorld(),
): Promise<PipelineTraining> {
  const { out, fresh = false, signal = new AbortController().signal } = options;
  const plan = await planFinished(file, options, world);
  const folder = await runFolderOf(plan, out, false);
  const events = new Subject<TrainingEvent>();
  const emit: Emit<TrainingEvent> = (event) => events.next(event);
  const result = withoutFilled(
    new Promise<void>((begin) => setImmediate(begin)).then(() =>
      trainLocked(plan, folder, { ...world, signal, emit }, fresh),
    ),
    plan.filled,
  ).finally(() => events.complete());
  return { plan, folder, events, result };
}

/** The rows of a finished run are written, so its source may be gone. */
export function planFinished(
  file: string,
  options: RunOptions,
  world: Pick<SystemWorld, 'env'>,
): Promise<Plan> {
  return planPipeline(file, options, world, (_path, what) => what === 'source');
}

interface TrainWorld extends SystemWorld {
  signal: AbortSignal;
  emit: Emit<TrainingEvent>;
}

async function trainLocked(
  plan: Plan,
  folder: string,
  world: TrainWorld,
  fresh: boolean,
): Promise<readonly TrainingResult[]> {
  const { files, clock } = world;
  // Without a run there is no folder to lock. The training itself says what is missing.
  const lock = (await hasManifest(files, folder)) ? await lockRunFolder(files, folder, clock.sleep) : null;
  try {
    return await launchTrainings(plan, folder, world, fresh);
  } finally {
    await lock?.release().catch(() => {});
  }
}

/** The trainings of a plan on its finished run, one after the other. The first that fails ends it. */
export async function launchTrainings(
  plan: Plan,
  folder: string,
  world: TrainWorld,
  fresh = false,
): Promise<readonly TrainingResult[]> {
  const results: TrainingResult[] = [];
  for (const training of plan.settings.train) {
    const label = labelOf(training);
    const emitting = trainingWorld(world, plan.filled, 'training', label);
    const result = await train(training, placesOf(plan, folder), emitting, fresh);
    const shown = filledRemoved(result, filledRemover(plan.filled));
    world.emit({ event: 'trainingEnded', kind: 'training', label, result: shown });
    results.push(result);
  }
  return results;
}

/** What a trainer takes from outside: the machine, and where its events go. */
export function trainingWorld(
  { files, clock, env, signal, now, emit }: TrainWorld,
  filled: ReadonlyMap<string, string>,
  kind: TrainingKind,
  label: string,
): TrainingWorld {
  return {
    ...{ files, clock, env, signal, now, filled },
    onAgain: (_, reason) => emit({ event: 'trainingRepeated', kind, label, reason }),
    onLaunch: (_, command, logPath) => emit({ event: 'trainingLaunched', kind, label, command, logPath }),
    onMetrics: (metrics) => emit({ event: 'trainingMeasured', kind, label, metrics }),
  };
}

function placesOf(plan: Plan, folder: string): RunPlaces {
  const { filled } = plan;
  return { folder: plan.folder, run: resolve(folder), name: plan.name, seed: plan.settings.seed, filled };
}

/** What one training would come to now. */
export type TrainingState =
  | { training: Training; prepared: Prepared }
  /** `command`: what is launched once the run is finished; null if something else stops the training. */
  | { training: Training; error: ScaleQuestError; command: readonly string[] | null };

/** What each training would come to now, also while the run is not finished. Launches nothing, writes nothing. */
export async function trainingStates(
  plan: Plan,
  folder: string,
  { files }: Pick<SystemWorld, 'files'> = systemWorld(),
  fresh = false,
): Promise<TrainingState[]> {
  const places = placesOf(plan, folder);
  const states: TrainingState[] = [];
  let taken = 0;
  for (const [number, training] of plan.settings.train.entries()) {
    try {
      const prepared = await prepareToLaunch(training, places, files, fresh, taken);
      if (prepared.state === 'due' && prepared.folder.record === null) taken += 1;
      states.push({ training, prepared });
    } catch (error) {
      if (!(error instanceof ScaleQuestError)) throw error;
      const isFinished = error.data['isFinished'] !== false;
      const own = resolve(folder, 'train', String(number));
      states.push({ training, error, command: isFinished ? null : commandOf(training, { ...places, own }) });
    }
  }
  return states;
}

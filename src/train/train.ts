import { join, resolve } from 'node:path';
import { withRedactedErrors } from '../text/redactKey.js';
import { ScaleQuestError } from '../errors.js';
import type { Files } from '../io/files/files.js';
import { isHeld, thisProcess } from '../io/runFolder/runLock.js';
import { type TrainingPlaces, commandOf, isPath, outputOf } from './command.js';
import { readTrainingData } from './data.js';
import { filledRemover } from './environment.js';
import { inputsHash } from './inputs.js';
import { type Launch, type LaunchKind, type TrainingWorld, WHAT, launch, names } from './launch.js';
import { emptyProblem, lastCheckpoint, modelProblem } from './modelFolder.js';
import { RECORD_FILE, type TrainingFolder, type TrainingRecord, findTraining } from './record.js';
import { type Training, labelOf } from './schema.js';
import { unmetConditions } from './when.js';

export type RunPlaces = Omit<TrainingPlaces, 'own' | 'checkpoint'>;

type NotLaunched =
  { state: 'finishedBefore'; record: TrainingRecord; path: string } | { state: 'notDue'; reasons: string[] };

export type TrainingResult = NotLaunched | { state: 'finished'; record: TrainingRecord; path: string };

/** What a training comes to on the run as it is now. `again`: why one that was finished before is due. */
export type Prepared = NotLaunched | ({ state: 'due'; again: string | null } & Omit<Launch, 'cwd'>);

/**
 * Looks at the run, at what was trained on it, and at what would be launched now. `taken`: new folders of trainings that would be
 * launched before it. Throws ERR_TRAIN_DATA, ERR_DATA_INVALID.
 */
export async function prepare(
  training: Training,
  places: RunPlaces,
  files: Files,
  fresh = false,
  taken = 0,
): Promise<Prepared> {
  const { report, parts } = await readTrainingData(files, training, places.run);
  const reasons = unmetConditions(training.when, report);
  if (reasons.length > 0) return { state: 'notDue', reasons };
  const inputs = inputsHash(training, places, parts);
  const folder = withFilled(await findTraining(files, places.run, inputs, fresh, taken), places.filled);
  const { path, record } = folder;
  const output = outputOf(training, { ...places, own: path });
  const lost = record?.state === 'finished' ? await lossOf(files, training, places, path, record) : null;
  if (lost && lost.why === null)
    return { state: 'finishedBefore', record: { ...record!, output: lost.at }, path };
  const checkpoint = record ? await lastCheckpoint(files, output) : null;
  const command = commandOf(training, { ...places, own: path, checkpoint: checkpoint ?? undefined });
  const again = lost?.why ?? null;
  return { state: 'due', again, kind: 'training', training, folder, command, output, inputs };
}

/** The path of its output is written without what the environment filled in. */
function withFilled(folder: TrainingFolder, filled: RunPlaces['filled']): TrainingFolder {
  if (folder.record === null || !filled) return folder;
  let { output } = folder.record;
  for (const [name, value] of filled) output = output.replaceAll(`\${${name}}`, () => value);
  return { ...folder, record: { ...folder.record, output } };
}

/**
 * Where the model of a finished training stands, and why it is none any more. Its run folder may have been moved since; of a
 * command that does not name its output nothing can be told.
 */
async function lossOf(
  files: Files,
  training: Training,
  places: RunPlaces,
  own: string,
  { output: recorded }: TrainingRecord,
): Promise<{ at: string; why: string | null }> {
  const now = outputOf(training, { ...places, own });
  if (!names(commandOf(training, { ...places, own }), now)) return { at: recorded, why: null };
  const why = await emptyProblem(files, now);
  if (why === null || (await emptyProblem(files, recorded)) !== null) return { at: now, why };
  return { at: recorded, why: null };
}

/** As `prepare`, and refuses what must not be launched: ERR_TRAIN_RUNNING, ERR_TRAIN_OUTPUT, ERR_TRAIN_MODEL. */
export async function prepareToLaunch(
  training: Training,
  places: RunPlaces,
  files: Files,
  fresh = false,
  taken = 0,
): Promise<Prepared> {
  const prepared = await prepare(training, places, files, fresh, taken);
  if (prepared.state !== 'due') return prepared;
  refuseRunning('training', prepared.folder);
  await refuseOutput(files, prepared.folder, prepared.output);
  await checkModel(files, training, places.folder);
  return prepared;
}

/**
 * Launches a training on a finished run and follows it to its end, once for equal inputs: one that is finished is not launched
 * again unless `fresh` or its model is gone, one whose process is alive is refused, one that died starts again, from its last
 * checkpoint where there is one. Throws what `prepare` throws; ERR_TRAIN_RUNNING, ERR_TRAIN_OUTPUT, ERR_TRAIN_MODEL before
 * anything is launched; and what `launch` throws.
 */
export function train(
  training: Training,
  places: RunPlaces,
  world: TrainingWorld,
  fresh = false,
): Promise<TrainingResult> {
  return withRedactedErrors(
    trainDue(training, places, world, fresh),
    filledRemover(world.filled ?? new Map()),
  );
}

async function trainDue(
  training: Training,
  places: RunPlaces,
  world: TrainingWorld,
  fresh: boolean,
): Promise<TrainingResult> {
  const { files } = world;
  const prepared = await prepareToLaunch(training, places, files, fresh);
  if (prepared.state !== 'due') return prepared;
  if (prepared.again !== null) world.onAgain?.(labelOf(training), prepared.again);
  const record = await launch({ ...prepared, cwd: places.folder }, world);
  return { state: 'finished', record, path: prepared.folder.path };
}

/** A command that writes something, run once for equal inputs, with a record and a log as a training has. */
export interface OnceOptions {
  /** With `command`; its `output` is set here. */
  training: Training;
  /** Folder that keeps what was done. */
  run: string;
  /** Hash of what decides the output. */
  inputs: string;
  /** What it writes, in the folder that it is given. */
  output: (own: string) => string;
  cwd: string;
}

type OnceResult = TrainingResult & { record: TrainingRecord };

/** Throws ERR_TRAIN_RUNNING and what `launch` throws. Two at once must be kept apart by who calls it. */
export function launchOnce(options: OnceOptions, world: TrainingWorld): Promise<OnceResult> {
  return withRedactedErrors(launchDue(options, world), filledRemover(world.filled ?? new Map()));
}

type PreparedOnce =
  | { state: 'finishedBefore'; record: TrainingRecord; path: string }
  | { state: 'due'; folder: TrainingFolder; output: string; again: string | null };

/** What a command comes to now. Throws ERR_TRAIN_RUNNING. */
export async function prepareOnce(
  { run, inputs, output: outputIn }: Pick<OnceOptions, 'run' | 'inputs' | 'output'>,
  files: Files,
): Promise<PreparedOnce> {
  const folder = await findTraining(files, run, inputs, false);
  const { path, record } = folder;
  const output = outputIn(path);
  const again = record?.state === 'finished' ? await emptyProblem(files, output) : null;
  if (record?.state === 'finished' && again === null)
    return { state: 'finishedBefore', record: { ...record, output }, path };
  refuseRunning('command', folder);
  return { state: 'due', folder, output, again };
}

async function launchDue(options: OnceOptions, world: TrainingWorld): Promise<OnceResult> {
  const { training, run, inputs, cwd } = options;
  const prepared = await prepareOnce(options, world.files);
  if (prepared.state === 'finishedBefore') return prepared;
  const { folder, output, again } = prepared;
  const { path } = folder;
  if (again !== null) world.onAgain?.(labelOf(training), again);
  const meant = { ...training, output };
  const command = commandOf(meant, { folder: cwd, run, own: path, name: labelOf(training), seed: 0 });
  const launched: Launch = { kind: 'command', training: meant, folder, command, output, inputs, cwd };
  const done = await launch(launched, world);
  return { state: 'finished', record: done, path };
}

function refuseRunning(kind: LaunchKind, { path, record }: TrainingFolder): void {
  if (record?.state !== 'started' || !isHeld(record.process, thisProcess())) return;
  const { pid, host } = record.process;
  throw new ScaleQuestError(
    'ERR_TRAIN_RUNNING',
    `${WHAT[kind]} ${record.label} is already running: process ${pid} on ${host}, since ${record.startedAt}. It is not launched ` +
      `twice: wait for it, or end that process. If that machine is gone, remove ${join(path, RECORD_FILE)}.`,
    { data: { path, pid } },
  );
}

/** What stands in the output folder was paid for: only an earlier start of the same training may go on in it. */
async function refuseOutput(files: Files, { record }: TrainingFolder, output: string): Promise<void> {
  const found = await files.stat(output);
  if (!found || record?.output === output) return;
  if (found.isFolder && (await files.readdir(output)).length === 0) return;
  throw new ScaleQuestError(
    'ERR_TRAIN_OUTPUT',
    `${output} holds something that this training has not written, expected an empty folder or none: nothing is ` +
      'overwritten. Choose another `output`, or move it away.',
    { data: { path: output } },
  );
}

async function checkModel(files: Files, { trl }: Training, folder: string): Promise<void> {
  if (!trl || !isPath(trl.model)) return;
  const problem = await modelProblem(files, resolve(folder, trl.model));
  if (problem === null) return;
  throw new ScaleQuestError(
    'ERR_TRAIN_MODEL',
    `cannot train ${trl.model}: ${problem}. Expected a model in Hugging Face’s form to start from.`,
    { data: { path: trl.model } },
  );
}

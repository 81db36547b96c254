import { join } from 'node:path';
import type { Clock } from '../clock.js';
import { ScaleQuestError } from '../errors.js';
import type { Files } from '../io/files/files.js';
import { holderOf } from '../io/runFolder/runLock.js';
import { childEnvironment } from '../process/childEnvironment.js';
import { filledRemover, secretRemover } from './environment.js';
import { type Followed, followTrainer } from './follow.js';
import { type Metrics, readMetrics } from './metrics.js';
import { emptyProblem, modelProblem } from './modelFolder.js';
import { type TrainingFolder, type TrainingRecord, writeRecord } from './record.js';
import { type Training, labelOf } from './schema.js';

export const TRAINING_LOG_FILE = 'log.txt';
export const METRICS_FILE = 'metrics.jsonl';

/** What a training needs of the world. */
export interface TrainingWorld {
  files: Files;
  clock: Clock;
  env: Readonly<Record<string, string | undefined>>;
  signal: AbortSignal;
  now: () => Date;
  /** What the environment filled into the settings, by its names: secrets among it are written nowhere. */
  filled?: ReadonlyMap<string, string>;
  /** Something that was finished before is done again. */
  onAgain?: (label: string, why: string) => void;
  onLaunch?: (label: string, command: readonly string[], logPath: string) => void;
  onMetrics?: (metrics: Metrics) => void;
}

/** What is launched, in messages. */
export type LaunchKind = 'training' | 'command';

const WHO: Record<LaunchKind, string> = { training: 'the trainer', command: 'the command' };
export const WHAT: Record<LaunchKind, string> = { training: 'the training', command: 'the link' };

export interface Launch {
  kind: LaunchKind;
  training: Training;
  folder: TrainingFolder;
  command: readonly string[];
  output: string;
  /** Hash of what decides the trained model. */
  inputs: string;
  cwd: string;
}

/**
 * Starts a trainer and follows it. The record says `started` before it runs, and how it ended after. Throws ERR_TRAIN_FAILED,
 * ERR_TRAIN_HUNG, ERR_TRAIN_OUTPUT, ERR_CANCELLED.
 */
export async function launch(launched: Launch, world: TrainingWorld): Promise<TrainingRecord> {
  const { folder } = launched;
  const { files, signal, now, filled = NOTHING } = world;
  if (signal.aborted) throw cancelled(launched);
  await files.mkdir(folder.path);
  const clean = filledRemover(filled);
  const save = (record: TrainingRecord): Promise<void> =>
    writeRecord(files, folder.path, { ...record, output: clean(record.output) });
  const live: Live = { record: begin(launched, world), lossLast: null };
  await save(live.record);
  const ended = (state: 'finished' | 'failed'): TrainingRecord => ({
    ...live.record,
    ...{ state, endedAt: now().toISOString(), lossLast: finite(live.lossLast) },
  });
  try {
    const { wallS } = await follow(launched, live, save, world);
    await checkOutput(launched, live.lossLast, files);
    const finished = { ...ended('finished'), wallS };
    await save(finished);
    return finished;
  } catch (error) {
    await save({ ...ended('failed'), message: clean((error as Error).message) });
    throw error;
  }
}

const NOTHING: ReadonlyMap<string, string> = new Map();

/** What is known of a trainer at work. */
interface Live {
  record: TrainingRecord;
  /** May be NaN, which JSON has not. */
  lossLast: number | null;
}

function begin(
  { training, folder, command, output, inputs }: Launch,
  { now, filled = NOTHING }: TrainingWorld,
): TrainingRecord {
  return {
    version: 1,
    label: labelOf(training),
    inputs,
    state: 'started',
    starts: (folder.record?.starts ?? 0) + 1,
    command: command.map(filledRemover(filled)),
    output,
    process: holderOf(process.pid),
    startedAt: now().toISOString(),
    endedAt: null,
    wallS: null,
    lossFirst: null,
    lossLast: null,
    message: null,
  };
}

async function follow(
  launched: Launch,
  live: Live,
  save: (record: TrainingRecord) => Promise<void>,
  world: TrainingWorld,
): Promise<Followed> {
  const { training, folder, command, cwd } = launched;
  const { files, clock, env, signal, filled = NOTHING, onLaunch, onMetrics } = world;
  const [removeFilled, removeNamed] = [filledRemover(filled), secretRemover(env, training.env)];
  const logPath = join(folder.path, TRAINING_LOG_FILE);
  const metricsFile = await files.open(join(folder.path, METRICS_FILE), 'append');
  const startedMs = clock.nowMs();
  let writing = Promise.resolve();
  function onLine(line: string): void {
    const metrics = readMetrics(line);
    if (metrics === null) return;
    if (metrics['loss'] !== undefined) {
      live.record.lossFirst ??= finite(metrics['loss']);
      live.lossLast = metrics['loss'];
    }
    const atS = Math.round(clock.nowMs() - startedMs) / 1000;
    const entry = `${JSON.stringify({ start: live.record.starts, atS, ...metrics })}\n`;
    writing = writing.then(() => metricsFile.write(new TextEncoder().encode(entry)));
    writing.catch(() => {});
    onMetrics?.(metrics);
  }
  try {
    const followed = await followTrainer({
      ...training,
      ...{ command, cwd, logPath, files, clock, signal, onLine },
      env: childEnvironment(env, training.env),
      clean: (line) => removeNamed(removeFilled(line)),
      async onStart(pid) {
        live.record.process = holderOf(pid);
        await save(live.record);
        onLaunch?.(live.record.label, live.record.command, logPath);
      },
    });
    await writing;
    if (followed.why !== 'exit' || followed.code !== 0) throw failure(launched, followed, logPath);
    return followed;
  } finally {
    await metricsFile.close();
  }
}

function finite(loss: number | null): number | null {
  return loss !== null && Number.isFinite(loss) ? loss : null;
}

function failure(launched: Launch, { why, code, wallS, tail }: Followed, logPath: string): ScaleQuestError {
  const { kind, training, command } = launched;
  const label = labelOf(training);
  if (why === 'cancelled') return cancelled(launched);
  const what = {
    exit: `ended with exit code ${code} after ${wallS.toFixed(0)} s`,
    silent: `printed nothing for ${training.silentMs / 1000} s (silentMs) and was stopped`,
    timeout: `was not done after ${(training.timeoutMs ?? 0) / 1000} s (timeoutMs) and was stopped`,
  }[why];
  const missing = training.trl
    ? 'Install TRL (`pip install trl`), or name it in `trl.program`'
    : 'Check `command`';
  const advice = why === 'exit' && code === 127 ? `${missing}. ` : '';
  const last = tail === '' ? 'It printed nothing.' : `The end of its log (${logPath}):\n${tail}`;
  return new ScaleQuestError(
    why === 'exit' ? 'ERR_TRAIN_FAILED' : 'ERR_TRAIN_HUNG',
    `${WHO[kind]} ${label} (${command.slice(0, 2).join(' ')}) ${what}. ${advice}All that was done before is kept: ` +
      `the same command starts it again. ${last}`,
    { data: { label, exitCode: code, wallS: Math.round(wallS) } },
  );
}

function cancelled({ kind, training }: Launch): ScaleQuestError {
  const label = labelOf(training);
  const message = `${WHAT[kind]} ${label} was cancelled; the same command starts it again`;
  return new ScaleQuestError('ERR_CANCELLED', message, { data: { label } });
}

/** A trainer that says it is done must have left something that can be used. */
async function checkOutput(
  { kind, training, command, output, folder }: Launch,
  loss: number | null,
  files: Files,
): Promise<void> {
  const label = labelOf(training);
  if (loss !== null && !Number.isFinite(loss)) {
    const message = `${WHO[kind]} ${label} ended with a loss of ${loss}: what it wrote is of no use. Lower the learning rate`;
    throw new ScaleQuestError('ERR_TRAIN_FAILED', `${message}, or see ${join(folder.path, METRICS_FILE)}.`);
  }
  if (!names(command, output)) return;
  const problem = training.trl ? await modelProblem(files, output) : await nothingWritten(files, output);
  if (problem === null) return;
  throw new ScaleQuestError(
    'ERR_TRAIN_OUTPUT',
    `${WHO[kind]} ${label} ended well, but ${problem}. See ${join(folder.path, TRAINING_LOG_FILE)}.`,
    { data: { path: output } },
  );
}

async function nothingWritten(files: Files, output: string): Promise<string | null> {
  return (await emptyProblem(files, output)) === null ? null : `it wrote nothing to ${output}`;
}

/** Where a command does not name its output, nothing is known of it. */
export function names(command: readonly string[], output: string): boolean {
  return command.some((word) => word.includes(output));
}

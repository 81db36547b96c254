import { isAbsolute, join, resolve } from 'node:path';
import { type Placeholder, fillPlaceholders } from './placeholders.js';
import type { Training } from './schema.js';
import { type ArgumentValue, TRAINING_TASKS, type TrainingTask } from './tasks.js';

/** Where a training reads and writes; absolute paths. */
export interface TrainingPlaces {
  /** Folder of the pipeline file: relative paths start there, and the trainer runs there. */
  folder: string;
  /** The run folder. */
  run: string;
  /** The training's own folder, in the run folder. */
  own: string;
  /** Of the pipeline. */
  name: string;
  seed: number;
  /** What the environment filled into the file, by its names: written nowhere. */
  filled?: ReadonlyMap<string, string> | undefined;
  /** A checkpoint that an earlier start has left. */
  checkpoint?: string | undefined;
}

/** The folder of the trained model. */
export function outputOf({ output }: Pick<Training, 'output'>, { folder, own }: TrainingPlaces): string {
  return output === undefined ? join(own, 'output') : resolve(folder, output);
}

/** The exact arguments that a training is started with, the program first. */
export function commandOf(training: Training, places: TrainingPlaces): string[] {
  const values = valuesFor(training, places);
  const fill = (text: string): string => fillPlaceholders(text, values);
  if (training.trl) return trlCommand(training, places, values).map(fill);
  const resume = places.checkpoint === undefined ? [] : training.resume;
  return [...training.command!, ...resume].map(fill);
}

function valuesFor(training: Training, places: TrainingPlaces): Record<Placeholder, string> {
  const { run, name, seed, checkpoint = '' } = places;
  const data = training.export === undefined ? run : join(run, 'exports', training.export);
  return {
    data,
    shards: training.export === undefined ? join(run, 'shards') : data,
    output: outputOf(training, places),
    name,
    report: join(run, 'report.json'),
    seed: String(seed),
    checkpoint,
  };
}

function trlCommand(
  { trl }: Training,
  { folder, seed, checkpoint }: TrainingPlaces,
  { data, output }: Record<Placeholder, string>,
): string[] {
  const { task, model, args, program } = trl!;
  const { trl: subcommand, args: settings }: TrainingTask = TRAINING_TASKS[task];
  const all: Record<string, ArgumentValue> = {
    model_name_or_path: isPath(model) ? resolve(folder, model) : model,
    dataset_name: data,
    output_dir: output,
    // Lines that can be followed, instead of bars that are drawn over.
    disable_tqdm: true,
    logging_steps: 10,
    seed,
    ...settings,
    ...(args as Record<string, ArgumentValue>),
    ...(checkpoint === undefined ? {} : { resume_from_checkpoint: checkpoint }),
  };
  return [...program, subcommand, ...Object.entries(all).flatMap(([name, value]) => argument(name, value))];
}

/** Other names are the hub's. */
export function isPath(model: string): boolean {
  return model.startsWith('.') || isAbsolute(model);
}

function argument(name: string, value: ArgumentValue): string[] {
  if (Array.isArray(value)) return [`--${name}`, ...value.map(String)];
  if (typeof value === 'object') return [`--${name}`, JSON.stringify(value)];
  return [`--${name}`, String(value)];
}

/** As one would type it in a POSIX shell. */
export function printCommand(command: readonly string[]): string {
  return command
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`))
    .join(' ');
}

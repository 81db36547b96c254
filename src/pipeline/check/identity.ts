import { dirname, join, resolve } from 'node:path';
import type { z } from 'zod';
import { type ModelConfig, describeModel } from '../../backends/registry.js';
import { type FilePick, isPattern } from '../../io/files/dataFiles.js';
import { formatNames, namedSources } from '../../io/sources/registry.js';
import type { customOptions } from '../../operators/custom.js';
import { customModuleAt } from '../../operators/lib/own/customModule.js';
import { own } from '../own.js';
import type { CheckDeps } from './checkDeps.js';
import { hashOf } from '../hash.js';
import type { Plan, PlannedStep } from '../plan.js';
import { tablesHash } from './tables.js';
import { textHashes } from './texts.js';

/** Everything that the rows of a run depend on, as one hash and part by part, so that a message can say how two runs differ. */
export interface Identity {
  identity: string;
  /** Path of a value (`steps.respond.n`) to its JSON text; long texts by their hash. */
  parts: Readonly<Record<string, string>>;
  /**
   * For each step, up to the first `custom` one, a hash of everything that its result on a row of the source depends on: the
   * source, the seed, this step and those before it, with their models.
   */
  stepFingerprints: readonly string[];
}

/** What a checked pipeline consists of; `prompts`: the texts that each step compiled. */
export interface Identified extends Pick<Plan, 'settings' | 'models' | 'steps' | 'texts' | 'tables'> {
  prompts: readonly (readonly string[])[];
}

/**
 * Hashes everything that the rows depend on, with the contents of the files that they come from. Limits on requests, deadlines and
 * batch sizes are not part of it. `filled` holds values of environment variables; `parts` shows only their hashes.
 */
export async function identityOf(
  { settings, models, steps, texts, tables, prompts }: Identified,
  { folder, filled, deps }: { folder: string; filled: ReadonlyMap<string, string>; deps: CheckDeps },
): Promise<Identity> {
  const { windowRows: _w, batchRows: _b, markers, ...read } = settings.source;
  // The rule decides no row that holds no marker: such sets keep their identity.
  const source = markers === 'keep' ? { ...read, markers } : read;
  const { folder: _f, lostReplyCharsMax, ...output } = settings.output;
  const value = {
    format: 2,
    name: settings.name,
    seed: settings.seed,
    target: settings.target,
    limit: settings.limit,
    source,
    files: await filesOf(settings.source, models, steps, folder, deps),
    output,
    models: modelIdentities(models),
    steps: await Promise.all(
      steps.map(async (step, index) => ({
        label: step.label,
        name: step.spec.name,
        options: optionsOf(step),
        prompts: prompts[index]!,
        module: await moduleHash(step, folder, deps),
        texts: textHashes(step, texts),
        tables: tablesHash(step, tables),
      })),
    ),
  };
  return {
    identity: hashOf(value),
    parts: Object.fromEntries(partsOf([], value, new Set(filled.values()))),
    stepFingerprints: stepFingerprintsOf(value, steps, lostReplyCharsMax),
  };
}

function modelIdentities(models: Readonly<Record<string, ModelConfig>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(models).map(([name, config]) => [name, describeModel(config).identity]),
  );
}

interface Decisive {
  format: number;
  seed: number;
  source: unknown;
  files: Readonly<Record<string, unknown>>;
  models: Readonly<Record<string, unknown>>;
  steps: readonly unknown[];
}

/** Where a run ends and how its rows are written changes no step's result. What a `custom` module imports is not known: it ends it. */
function stepFingerprintsOf(
  value: Decisive,
  planned: readonly PlannedStep[],
  lostReplyCharsMax: number | string,
): string[] {
  const { format, seed, source, files, models } = value;
  if (isMovable(value.source)) return [];
  const custom = planned.findIndex(({ spec }) => spec.name === 'custom');
  const kept = custom < 0 ? planned : planned.slice(0, custom);
  const rowFiles = formatNames().flatMap((name) => own(files, name) ?? []);
  // A cached result holds as much of the replies of lost rows as its run asked for.
  let before = hashOf({ format, seed, source, files: rowFiles, lostReplyCharsMax });
  return kept.map(({ spec, parsed, label }, at) => {
    const used = spec
      .models(parsed)
      .map(({ model }) => [model, models[model], own(files, modelFilesKey(model))]);
    before = hashOf({ before, step: value.steps[at], used, files: own(files, `steps ${label}`) });
    return before;
  });
}

/** A branch of a hub may give other rows to a later run: what is known of positions holds for one run alone. */
function isMovable(source: unknown): boolean {
  const { hub } = source as Plan['settings']['source'];
  return hub !== undefined && !/^[0-9a-f]{40}$/.test(hub.revision ?? '');
}

/** A model may be called as a format of sources is, whose files stand under its name. */
function modelFilesKey(name: string): string {
  return formatNames().some((format) => format === name) ? `models ${name}` : name;
}

/** Hashes of the source's files and of the models' files, by the key that names them. */
export async function filesOf(
  source: Plan['settings']['source'],
  models: Readonly<Record<string, ModelConfig>>,
  steps: readonly PlannedStep[],
  folder: string,
  { exists, contentsHash }: Pick<CheckDeps, 'exists' | 'contentsHash'>,
): Promise<Record<string, string[]>> {
  // A missing file is reported when it is read.
  const hash = async (path: string, pick?: FilePick): Promise<string> =>
    exists(path) || (pick && isPattern(path)) ? contentsHash(path, pick) : 'missing';
  const hashes = (paths: string | readonly string[], pick?: FilePick): Promise<string[]> =>
    Promise.all([paths].flat().map((path) => hash(resolve(folder, path), pick)));
  const files: Record<string, string[]> = {};
  for (const { name, format, options } of namedSources(source)) {
    const { paths, subfolders } = format.describe(options);
    files[name] = await hashes(paths, { extensions: format.extensions, subfolders });
  }
  for (const [name, config] of Object.entries(models)) {
    const { files: named } = describeModel(config);
    const read = named.flatMap(({ path }) => modelFiles(resolve(folder, path)).filter(exists));
    if (read.length > 0) files[modelFilesKey(name)] = await hashes(read);
  }
  for (const { label, parsed } of steps) {
    const read = tokenizersIn(parsed).flatMap((path) => modelFiles(resolve(folder, path)).filter(exists));
    if (read.length > 0) files[`steps ${label}`] = await hashes(read);
  }
  return files;
}

/** The files behind a model's path: the GGUF file itself, or of a tokenizer (a file or a folder) those that `readChatTemplate` reads. */
export function modelFiles(path: string): string[] {
  if (path.endsWith('.gguf')) return [path];
  const folder = path.endsWith('.json') ? dirname(path) : path;
  return [join(folder, 'tokenizer_config.json'), join(folder, 'chat_template.jinja')];
}

/** Whether a step cannot be built yet, because an earlier link will write its tokenizer. */
export function waitsForTokenizer(
  { parsed }: Pick<PlannedStep, 'parsed'>,
  folder: string,
  { exists, isPending }: Pick<CheckDeps, 'exists' | 'isPending'>,
): boolean {
  const paths = tokenizersIn(parsed).map((path) => resolve(folder, path));
  return paths.some((path) => !exists(path) && isPending?.(path, 'other'));
}

/** Tokenizers that a step's options name: `{ tokenizer: path }`, wherever it stands. */
function tokenizersIn(options: unknown): string[] {
  if (options === null || typeof options !== 'object') return [];
  return Object.entries(options).flatMap(([key, value]) =>
    key === 'tokenizer' && typeof value === 'string' ? [value] : tokenizersIn(value),
  );
}

/** Of a user's own operator as they are written: what its schema makes of them follows from its module, which need not be loaded. */
function optionsOf({ spec, input, parsed }: PlannedStep): unknown {
  if (spec.memoryMiB) {
    const { memoryMiB: _m, ...decisive } = parsed as Record<string, unknown>;
    return decisive;
  }
  if (spec.origin) return input ?? {};
  if (spec.name !== 'custom') return parsed;
  const { path, options = {} } = input as z.input<typeof customOptions>;
  const { models = {} } = parsed as Partial<z.output<typeof customOptions>>;
  // Absent where it is empty, so that a run of before can be gone on with.
  return { path, options, ...(Object.keys(models).length > 0 && { models }) };
}

/** Of the code of a user's own operator: if it changes, the rows change, though its path stays. */
async function moduleHash(
  { spec, parsed }: PlannedStep,
  folder: string,
  { exists, contentsHash, operatorCodeHash }: Pick<CheckDeps, 'exists' | 'contentsHash' | 'operatorCodeHash'>,
): Promise<string | undefined> {
  if (spec.origin) return operatorCodeHash(spec.origin);
  if (spec.name !== 'custom') return undefined;
  const file = customModuleAt((parsed as z.output<typeof customOptions>).path, folder)?.file;
  return file !== undefined && exists(file) ? contentsHash(file) : undefined;
}

const LONG = 60;

/** The leaves of a plain value by their paths. Steps are named by their labels. */
function partsOf(path: readonly string[], value: unknown, filled: ReadonlySet<string>): [string, string][] {
  if (value === undefined) return [];
  if (value !== null && typeof value === 'object') {
    return Object.entries(value).flatMap(([key, item]) => {
      const { label } = (item ?? {}) as { label?: unknown };
      return partsOf([...path, path[0] === 'steps' && typeof label === 'string' ? label : key], item, filled);
    });
  }
  const text = JSON.stringify(value);
  const isHidden = text.length > LONG || [...filled].some((each) => String(value).includes(each));
  return [[path.join('.'), isHidden ? `text ${hashOf(value).slice(0, 12)}` : text]];
}

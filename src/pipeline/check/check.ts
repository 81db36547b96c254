import { isAbsolute, resolve, dirname } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { z } from 'zod';
import { GGUF_HEADER_BYTES, ggufFault } from '../../backends/llamaCpp/ggufHeader.js';
import { type ModelConfig, describeModel, modelSchemas, scoresQuestions } from '../../backends/openModel.js';
import { ScaleQuestError } from '../../errors.js';
import { customOptions, loadCustomOperator } from '../../operators/custom.js';
import type { ModelNeed, OperatorSpec } from '../../operators/lib/operator.js';
import { OPERATORS, operatorNamed } from '../../operators/registry.js';
import {
  type Override,
  type PipelineDocument,
  PipelineProblems,
  parsePipelineDocument,
  problem,
} from '../document.js';
import { type CheckDeps, promptFrom } from './checkDeps.js';
import { checkServed } from './checkServed.js';
import { checkSource } from './checkSource.js';
import { checkTraining } from './checkTraining.js';
import { type Place, type Places, checkColumns } from './checkColumns.js';
import { parseAt } from './explain.js';
import { frameFrom } from '../frame.js';
import { identityOf, waitsForTokenizer } from './identity.js';
import { suggestion } from '../nearest.js';
import type { Plan, PlannedStep } from '../plan.js';
import { pipelineSchema, stepEnabled, stepLabel } from '../schema.js';
import { loadTexts } from './texts.js';

/**
 * Reads and checks a pipeline file before any request: syntax, values, columns, models, bounds, prompts, modules.
 * Throws PipelineProblems with every mistake found.
 */
export async function checkPipeline(
  file: string,
  deps: CheckDeps,
  overrides: readonly Override[] = [],
): Promise<Plan> {
  const document = parsePipelineDocument(file, deps.readText(file), deps.env, overrides);
  const problems: ScaleQuestError[] = [];
  const folder = dirname(resolve(file));
  const written = (document.value ?? {}) as { models?: unknown; steps?: unknown };
  if ('links' in written && !('steps' in written)) throw chainAsPipeline(document);
  const top = parseAt(document, [], pipelineSchema, written, problems);
  const models = await checkModels(
    document,
    isRecord(written.models) ? written.models : {},
    folder,
    deps,
    problems,
  );
  problems.push(...checkServed(document, models));
  const places = await placeSteps(
    document,
    Array.isArray(written.steps) ? written.steps : [],
    folder,
    problems,
  );
  if (!top) throw new PipelineProblems(problems);

  const { models: _models, steps: _steps, ...asWritten } = top;
  checkBounds(document, asWritten, models, places.on, problems);
  await checkSource(document, asWritten, folder, deps, problems);
  const { columns, exports, leftOut } = checkColumns(document, asWritten, places, problems);
  const settings = { ...asWritten, exports };
  checkTraining(document, settings, columns, { folder, places: places.on, leftOut, deps }, problems);
  checkNeeds(document, models, places.on, problems);
  const texts = await loadTexts(document, places.on, folder, deps, problems);
  const steps = places.on.flatMap(({ step }) => step ?? []);
  if (problems.length === 0) checkConstruction(document, steps, folder, deps, problems);
  if (problems.length > 0) throw new PipelineProblems(problems);

  const { text, filled } = document;
  const identified = await identityOf(settings, models, steps, folder, deps, texts, filled);
  return {
    file,
    folder,
    text,
    filled,
    name: top.name,
    settings,
    models,
    steps,
    texts,
    columns,
    leftOut,
    ...identified,
  };
}

function chainAsPipeline(document: PipelineDocument): PipelineProblems {
  const message = 'this is a chain of pipelines, expected one pipeline; `scalequest chain` runs it';
  return new PipelineProblems([problem('ERR_PIPELINE_INVALID', document.atKey(['links']), message)]);
}

type Settings = Plan['settings'];
type Models = Record<string, ModelConfig>;

function isRecord(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

async function checkModels(
  document: PipelineDocument,
  written: Record<string, unknown>,
  folder: string,
  deps: CheckDeps,
  problems: ScaleQuestError[],
): Promise<Models> {
  const models: Models = {};
  for (const [name, value] of Object.entries(written)) {
    const path = ['models', name];
    const keys = isRecord(value) ? Object.keys(value) : [];
    const protocols = Object.keys(modelSchemas);
    const kinds = keys.filter((key) => protocols.includes(key));
    if (kinds.length > 1) {
      const message =
        `found ${kinds.length} kinds of model (${kinds.join(', ')}), expected exactly one; to replace it on the command line, ` +
        `give the whole model: --set 'models.${name}={ ${kinds[1]}: { … } }'`;
      problems.push(problem('ERR_PIPELINE_MODEL', document.at(path), message));
      continue;
    }
    const [protocol] = kinds;
    if (!protocol) {
      const wrong = keys.find((key) => key !== 'template');
      const message = wrong
        ? `unknown kind of model; ${suggestion(wrong, protocols)}`
        : `found no kind of model, expected one of: ${protocols.join(', ')}`;
      problems.push(
        problem('ERR_PIPELINE_MODEL', wrong ? document.atKey([...path, wrong]) : document.at(path), message),
      );
      continue;
    }
    const config = parseAt(
      document,
      path,
      modelSchemas[protocol as keyof typeof modelSchemas],
      value,
      problems,
    );
    if (!config) continue;
    models[name] = config as ModelConfig;
    for (const [fault, key] of await fileFaults(config as ModelConfig, folder, deps)) {
      problems.push(problem('ERR_MODEL_LOAD', document.at([...path, ...key]), fault));
    }
  }
  return models;
}

/** What is wrong with the files and packages that a model needs, and the keys that name them. */
async function fileFaults(
  config: ModelConfig,
  folder: string,
  { exists, canImport, isPending, readHead }: CheckDeps,
): Promise<[fault: string, key: string[]][]> {
  const { files, needs } = describeModel(config);
  const gguf = 'llamaCpp' in config ? config.llamaCpp.path : undefined;
  const faults: [string, string[]][] = [];
  if (needs && !canImport(needs.package)) faults.push([needs.missing, ['llamaCpp']]);
  for (const written of files) {
    const path = resolve(folder, written);
    const key = written === gguf ? ['llamaCpp', 'path'] : ['template', 'tokenizer'];
    if (!exists(path)) {
      if (isPending?.(path, 'other')) continue;
      faults.push([`found no file ${path}; expected a path relative to the pipeline file`, key]);
    } else if (written === gguf) {
      const fault = await readHead(path, GGUF_HEADER_BYTES).then(ggufFault, (error: Error) => error.message);
      if (fault !== null) faults.push([`${path}: ${fault}`, key]);
    }
  }
  return faults;
}

async function placeSteps(
  document: PipelineDocument,
  written: readonly unknown[],
  folder: string,
  problems: ScaleQuestError[],
): Promise<Places> {
  const places: Places = { on: [], off: [] };
  const labels = new Set<string>();
  for (const [index, value] of written.entries()) {
    const place: Place = { index };
    const isEnabled = enabledAt(document, index, value, problems);
    places[isEnabled ? 'on' : 'off'].push(place);
    const spec = operatorAt(document, index, value, problems);
    if (!spec) continue;
    if (spec.name !== 'custom') place.spec = spec;
    const step = await stepAt(document, index, spec, value as Record<string, unknown>, folder, problems);
    if (!step) continue;
    place.spec = step.spec;
    place.step = step;
    if (!isEnabled) continue;
    if (labels.has(step.label)) {
      const message = `a step before it is called "${step.label}" too; give one of them another \`label\``;
      problems.push(problem('ERR_PIPELINE_INVALID', document.at(['steps', index]), message));
    }
    labels.add(step.label);
  }
  return places;
}

/** A step that is switched off is checked, and then as if it were not there. */
function enabledAt(
  document: PipelineDocument,
  index: number,
  value: unknown,
  problems: ScaleQuestError[],
): boolean {
  if (!isRecord(value) || value['enabled'] === undefined) return true;
  return parseAt(document, ['steps', index, 'enabled'], stepEnabled, value['enabled'], problems) ?? true;
}

/** The operator that an item of `steps` names. */
function operatorAt(
  document: PipelineDocument,
  index: number,
  value: unknown,
  problems: ScaleQuestError[],
): OperatorSpec | undefined {
  const path = ['steps', index];
  const known = OPERATORS.map((spec) => spec.name);
  const names = isRecord(value)
    ? Object.keys(value).filter((key) => key !== 'label' && key !== 'enabled')
    : [];
  const [name] = names;
  if (name === undefined || names.length > 1) {
    const found = names.length > 1 ? `${names.length} operators (${names.join(', ')})` : 'no operator';
    const message = `found ${found} in one step, expected exactly one of: ${known.join(', ')}`;
    problems.push(problem('ERR_PIPELINE_INVALID', document.at(path), message));
    return undefined;
  }
  const spec = operatorNamed(name);
  if (!spec) {
    const message = `no operator is called "${name}"; ${suggestion(name, known)}`;
    problems.push(problem('ERR_PIPELINE_INVALID', document.atKey([...path, name]), message));
  }
  return spec;
}

/** One step with its options and label read; of `custom`, with its module loaded. */
async function stepAt(
  document: PipelineDocument,
  index: number,
  spec: OperatorSpec,
  value: Record<string, unknown>,
  folder: string,
  problems: ScaleQuestError[],
): Promise<PlannedStep | undefined> {
  const { name } = spec;
  const path = ['steps', index];
  const input = value[name] ?? {};
  const parsed = parseAt(document, [...path, name], spec.options, input, problems);
  const label =
    value['label'] === undefined
      ? name
      : parseAt(document, [...path, 'label'], stepLabel, value['label'], problems);
  if (parsed === undefined || label === undefined) return undefined;
  const loaded =
    name === 'custom' ? await loadAt(document, [...path, name, 'path'], parsed, folder, problems) : spec;
  return loaded && { label, spec: loaded, input, parsed };
}

async function loadAt(
  document: PipelineDocument,
  path: readonly (string | number)[],
  parsed: unknown,
  folder: string,
  problems: ScaleQuestError[],
): Promise<OperatorSpec | undefined> {
  const { path: written } = parsed as z.output<typeof customOptions>;
  const isFile = written.startsWith('.') || isAbsolute(written) || /\.[cm]?[jt]s$/.test(written);
  const specifier = isFile ? pathToFileURL(resolve(folder, written)).href : written;
  try {
    return (await loadCustomOperator(specifier)) as unknown as OperatorSpec;
  } catch (error) {
    problems.push(problem('ERR_OPERATOR_LOAD', document.at(path), (error as Error).message));
    return undefined;
  }
}

function checkBounds(
  document: PipelineDocument,
  settings: Settings,
  models: Models,
  places: readonly Place[],
  problems: ScaleQuestError[],
): void {
  const bound = (path: readonly (string | number)[], message: string): void => {
    problems.push(problem('ERR_PIPELINE_BOUND', document.at(path), message));
  };
  const { source, target, limit } = settings;
  if (source.batchRows > source.windowRows) {
    bound(
      ['source', 'batchRows'],
      `found ${source.batchRows} rows a batch, expected at most windowRows (${source.windowRows}): ` +
        'no batch could ever be under way; lower batchRows or raise windowRows',
    );
  }
  if (source.jsonl && source.parquet)
    bound(['source', 'parquet'], 'found jsonl and parquet, expected one of them');
  if (target === undefined && limit === undefined && !source.jsonl && !source.parquet) {
    bound([], 'found neither `target` nor `limit`: expected one, or the run would never end');
  }
  if (target !== undefined && limit !== undefined && target > limit) {
    bound(
      ['target'],
      `found a target of ${target} kept rows of at most ${limit} (limit): it cannot be reached`,
    );
  }
  for (const { index, step } of places) {
    if (!step) continue;
    const { tokensMax } = step.parsed as { tokensMax?: number };
    for (const { model, needs } of step.spec.models(step.parsed)) {
      if (needs !== 'complete' && needs !== 'preQuery') continue;
      const context = models[model] && describeModel(models[model]).contextTokens;
      if (tokensMax === undefined || context === undefined || tokensMax < context) continue;
      bound(
        ['steps', index, step.spec.name, 'tokensMax'],
        `${tokensMax} tokens do not fit into the ${context} tokens of context of ${model}; lower tokensMax or raise contextTokens`,
      );
    }
  }
}

/** Why a model cannot do what a step needs, and what could. */
const LACKS: Record<Exclude<ModelNeed['needs'], 'named'>, string> = {
  preQuery:
    'cannot be given a bare user turn; expected a protocol for raw prompts ' +
    '(openai with protocol: completions, or llamaCpp)',
  complete: 'cannot answer; expected a model that writes text (openai or llamaCpp)',
  choose:
    'cannot give the probabilities of replies; expected a model that writes text (openai or llamaCpp), or `method: score` ' +
    'for one that scores',
  score:
    'cannot score; expected a reward model (pooling, classify, scorePair or tei), or another `method` for a model that ' +
    'writes text',
  scoreQuestion:
    'cannot score a question alone; expected pooling or classify, or tei with `input: text`, and a template with a form for ' +
    'a question alone (`user`)',
};

function isAble(config: ModelConfig, needs: keyof typeof LACKS): boolean {
  const { can } = describeModel(config);
  if (needs === 'scoreQuestion') return can.score && scoresQuestions(config);
  // What is for scores or vectors alone completes nothing.
  return needs === 'complete' ? can.choose || can.preQuery : can[needs];
}

function checkNeeds(
  document: PipelineDocument,
  models: Models,
  places: readonly Place[],
  problems: ScaleQuestError[],
): void {
  const declared = Object.keys((document.value as { models?: object }).models ?? {});
  for (const { index, step } of places) {
    if (!step) continue;
    for (const { model, needs, at } of step.spec.models(step.parsed)) {
      const path = ['steps', index, step.spec.name, ...at];
      const config = models[model];
      if (!config) {
        // A model whose own mistake is reported already is not reported as missing too.
        if (declared.includes(model)) continue;
        const message = `no model is called "${model}"; ${suggestion(model, declared)}`;
        problems.push(problem('ERR_PIPELINE_MODEL', document.at(path), message));
        continue;
      }
      if (needs === 'named' || isAble(config, needs)) continue;
      const lack = needs === 'scoreQuestion' && !describeModel(config).can.score ? 'score' : needs;
      const message = `${model} ${LACKS[lack]}`;
      problems.push(problem('ERR_PIPELINE_MODEL', document.at(path), message));
    }
  }
}

/** Building a step compiles its prompts and templates: their mistakes belong to the check, not to the first row. */
function checkConstruction(
  document: PipelineDocument,
  steps: readonly PlannedStep[],
  folder: string,
  deps: CheckDeps,
  problems: ScaleQuestError[],
): void {
  for (const [index, step] of steps.entries()) {
    if (waitsForTokenizer(step, folder, deps)) continue;
    try {
      step.spec.operator(step.input, {
        seed: 0,
        models: {},
        step: step.label,
        prompt: promptFrom(folder, deps),
        questionFrame: frameFrom(folder),
      });
    } catch (error) {
      if (!(error instanceof ScaleQuestError)) throw error;
      const key = Object.hasOwn((step.input ?? {}) as object, 'template') ? 'template' : 'prompt';
      const at = document.at(['steps', index, step.spec.name, key]);
      problems.push(problem(error.code, at, error.message));
    }
  }
}

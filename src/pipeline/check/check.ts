import { dirname, resolve } from 'node:path';
import { PipelineProblems, type ScaleQuestError } from '../../errors.js';
import {
  type Override,
  type PipelineDocument,
  allProblems,
  isRecord,
  parsePipelineDocument,
  problem,
} from '../document.js';
import type { OperatorSpec } from '../../operators/lib/operator.js';
import type { Plan } from '../plan.js';
import { withoutFilled } from '../../train/environment.js';
import { pipelineSchema } from '../schema.js';
import { buildSteps } from './buildSteps.js';
import { checkBudget } from './rules/checkBudget.js';
import { checkBounds } from './rules/checkBounds.js';
import { checkColumns } from './rules/checkColumns.js';
import type { FilePick } from '../../io/files/dataFiles.js';
import type { CheckDeps } from './checkDeps.js';
import { checkKeys } from './rules/checkKeys.js';
import { checkModels } from './rules/checkModels.js';
import { checkNeeds } from './rules/checkNeeds.js';
import { checkScales } from './rules/checkScales.js';
import { checkServed } from './rules/checkServed.js';
import { checkSource } from './rules/checkSource.js';
import { checkTraining } from './rules/checkTraining.js';
import { parseAt } from './explain.js';
import { type Identity, filesOf, identityOf } from './identity.js';
import { readOperators } from './readOperators.js';
import { readSteps } from './readSteps.js';
import { loadTables } from './tables.js';
import { loadTexts } from './texts.js';

/** A pipeline file without mistakes: a plan, but for its identity, which needs the contents of every file that rows come from. */
export interface CheckedPipeline extends Omit<Plan, keyof Identity> {
  /** The texts that each step compiled. */
  prompts: readonly (readonly string[])[];
}

/**
 * Reads and checks a pipeline file before any request: syntax, values, columns, models, bounds, prompts, modules.
 * Throws PipelineProblems with every mistake found.
 */
export async function checkFile(
  file: string,
  deps: CheckDeps,
  overrides: readonly Override[] = [],
): Promise<Plan> {
  const { prompts, ...checked } = await findMistakes(file, deps, overrides);
  const { folder, filled } = checked;
  return { ...checked, ...(await identityOf({ ...checked, prompts }, { folder, filled, deps })) };
}

/** The same without the identity: files that it would hash, which may be large, are opened by `open` and not read. */
export async function checkFileUnread(
  file: string,
  deps: CheckDeps,
  overrides: readonly Override[],
  open: (path: string, pick?: FilePick) => Promise<void>,
): Promise<CheckedPipeline> {
  const checked = await findMistakes(file, deps, overrides);
  const { settings, models, steps, folder } = checked;
  const contentsHash = (path: string, pick?: FilePick): Promise<string> => open(path, pick).then(() => '');
  await filesOf(settings.source, models, steps, folder, { exists: deps.exists, contentsHash });
  return checked;
}

/** The operators that `operators` of a file names, as their manifests say. Throws PipelineProblems for a mistake in these. */
export async function operatorsIn(
  file: string,
  deps: Pick<CheckDeps, 'env' | 'exists' | 'readText' | 'operatorCodeHash'>,
): Promise<OperatorSpec[]> {
  const document = parsePipelineDocument(file, deps.readText(file), deps.env);
  const problems: ScaleQuestError[] = [];
  const folder = dirname(resolve(file));
  const { names, find } = await readOperators(document, document.value['operators'], folder, deps, problems);
  if (problems.length > 0) throw new PipelineProblems(problems);
  const found = await Promise.all(names.map((name) => find(name, false)));
  return found.flatMap((spec) => spec ?? []);
}

async function findMistakes(
  file: string,
  deps: CheckDeps,
  overrides: readonly Override[],
): Promise<CheckedPipeline> {
  const document = parsePipelineDocument(file, deps.readText(file), deps.env, overrides);
  return withoutFilled(mistakesIn(document, deps), document.filled);
}

async function mistakesIn(document: PipelineDocument, deps: CheckDeps): Promise<CheckedPipeline> {
  const { file } = document;
  const problems: ScaleQuestError[] = [];
  const folder = dirname(resolve(file));
  const written = document.value as { models?: unknown; operators?: unknown; steps?: unknown };
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
  const operators = await readOperators(document, written.operators, folder, deps, problems);
  const entries = await readSteps(
    document,
    Array.isArray(written.steps) ? written.steps : [],
    operators,
    folder,
    deps,
    problems,
  );
  if (!top) throw new PipelineProblems(allProblems(document, problems));

  const { models: _models, steps: _steps, ...asWritten } = top;
  checkBounds(document, asWritten, models, entries.on, problems);
  checkBudget(document, asWritten, models, entries.on, problems);
  checkScales(document, entries.on, problems);
  const leftOut = await checkSource(document, asWritten, folder, deps, problems);
  const { columns, exports, omitted, undeclared } = await checkColumns(
    document,
    asWritten,
    entries,
    { folder, deps },
    problems,
  );
  const settings = { ...asWritten, exports };
  const known = { columns: undeclared.length > 0 ? null : columns, omitted };
  checkTraining(document, settings, known, { folder, entries: entries.on, deps }, problems);
  checkNeeds(document, models, entries.on, problems);
  checkKeys(document, models, entries.on, deps, problems);
  const texts = await loadTexts(document, entries.on, folder, deps, problems);
  const tables = await loadTables(document, entries.on, folder, deps, problems);
  const steps = entries.on.flatMap(({ step }) => step ?? []);
  const isSound = allProblems(document, problems).length === 0;
  const prompts = isSound ? buildSteps(document, entries.on, folder, deps, problems) : [];
  const all = allProblems(document, problems);
  if (all.length > 0) throw new PipelineProblems(all);

  const { text, filled } = document;
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
    tables,
    columns,
    omitted,
    leftOut,
    undeclared,
    prompts,
  };
}

function chainAsPipeline(document: PipelineDocument): PipelineProblems {
  const message = 'this is a chain of pipelines, expected one pipeline; `scalequest chain` runs it';
  return new PipelineProblems([problem('ERR_PIPELINE_INVALID', document.atKey(['links']), message)]);
}

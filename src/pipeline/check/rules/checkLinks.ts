import { join, resolve, sep } from 'node:path';
import { PipelineProblems, ScaleQuestError } from '../../../errors.js';
import { namedSources } from '../../../io/sources/registry.js';
import { type Chain, type Link, fillLinks, overridesOf } from '../../chain.js';
import { withoutFilled } from '../../../train/environment.js';
import { checkFile } from '../check.js';
import type { CheckDeps } from '../checkDeps.js';
import type { OperatorName } from '../../../operators/registry.js';
import type { Plan } from '../../plan.js';

export interface CheckedLink {
  link: Link;
  /** Null for a program. */
  plan: Plan | null;
}

/**
 * Checks every link of a chain, with its settings, before the first one starts. Files that an earlier link will write need not
 * exist yet. Throws PipelineProblems with every mistake found, each with its link.
 */
export function checkLinks(chain: Chain, deps: CheckDeps): Promise<CheckedLink[]> {
  return withoutFilled(linksIn(chain, deps), chain.filled);
}

async function linksIn(chain: Chain, deps: CheckDeps): Promise<CheckedLink[]> {
  const problems: ScaleQuestError[] = [];
  const given = new Map<string, string>();
  const made = [resolve(chain.runs)];
  const checked: CheckedLink[] = [];
  for (const link of chain.links) {
    const found = await mistakesOf(() => checkLink(chain, link, given, { ...deps, isPending: within(made) }));
    problems.push(...found.problems.map((problem) => ofLink(link, problem)));
    const plan = found.value ?? null;
    checked.push({ link, plan });
    for (const [what, path] of Object.entries(placesOf(chain, link, plan)))
      given.set(`${link.name}.${what}`, path);
    // A later link may also name the output of a training by its path.
    for (const { output } of plan?.settings.train ?? [])
      if (output !== undefined) made.push(resolve(plan!.folder, output));
  }
  problems.push(...(await trainedOnTests(checked, deps)));
  if (problems.length > 0) throw new PipelineProblems(problems);
  return checked;
}

const MEASURES: OperatorName = 'measureAccuracy';

/** Finds links that measure a model on the file that it was trained on: such a figure says nothing about the model. */
async function trainedOnTests(
  checked: readonly CheckedLink[],
  { exists, contentsHash }: CheckDeps,
): Promise<ScaleQuestError[]> {
  const problems: ScaleQuestError[] = [];
  const trainedOn = new Map<string, string>();
  for (const { link, plan } of checked) {
    for (const file of plan ? sourceFiles(plan).filter(exists) : []) {
      const contents = await contentsHash(file);
      const trainer = trainedOn.get(contents);
      const measures = plan!.steps.some(({ spec }) => spec.name === MEASURES);
      if (measures && trainer !== undefined) problems.push(ofLink(link, sameFile(file, trainer)));
      if (plan!.settings.train.length > 0) trainedOn.set(contents, link.name);
    }
  }
  return problems;
}

function sourceFiles({ settings, folder }: Plan): string[] {
  return namedSources(settings.source)
    .flatMap(({ format, options }) => format.describe(options).paths)
    .map((path) => resolve(folder, path));
}

function sameFile(file: string, trainer: string): ScaleQuestError {
  return new ScaleQuestError(
    'ERR_PIPELINE_INVALID',
    `source: ${file} is what the link ${trainer} trains on, expected a benchmark that nothing was trained on`,
  );
}

/** Whether a path is one of these, or inside one. */
export function within(folders: readonly string[]): (path: string) => boolean {
  return (path) => folders.some((folder) => path === folder || path.startsWith(folder + sep));
}

async function checkLink(
  chain: Chain,
  link: Link,
  given: ReadonlyMap<string, string>,
  deps: CheckDeps,
): Promise<Plan | null> {
  if (link.pipeline !== undefined) {
    const file = resolve(chain.folder, link.pipeline);
    return checkFile(file, deps, overridesOf(link, given)).catch((error: unknown) => {
      throw asFileFault(error);
    });
  }
  fillLinks(link.command!, new Map([...given, ['output', '']]));
  for (const path of fillLinks(link.inputs, given).map((written) => resolve(chain.folder, written))) {
    if (deps.exists(path) || deps.isPending?.(path, 'other')) continue;
    throw new ScaleQuestError(
      'ERR_PIPELINE_INVALID',
      `inputs: found nothing at ${path}; expected a file or a folder`,
    );
  }
  return null;
}

/** What a link sets stands in a file: a place that is not there is no mistake of the command line. */
function asFileFault(error: unknown): unknown {
  if (!(error instanceof ScaleQuestError) || error.code !== 'ERR_USAGE') return error;
  return new ScaleQuestError('ERR_PIPELINE_INVALID', error.message.replace(/^--set /, 'set: '));
}

async function mistakesOf<Value>(
  work: () => Promise<Value>,
): Promise<{ value?: Value; problems: readonly ScaleQuestError[] }> {
  try {
    return { value: await work(), problems: [] };
  } catch (error) {
    if (error instanceof PipelineProblems) return { problems: error.problems };
    if (error instanceof ScaleQuestError) return { problems: [error] };
    throw error;
  }
}

function ofLink({ name }: Link, { code, message, data }: ScaleQuestError): ScaleQuestError {
  return new ScaleQuestError(code, `link ${name}: ${message}`, { data: { ...data, link: name } });
}

/** Paths of what a link gives after its first run. It is unknown whether a pipeline with a mistake trains. */
function placesOf({ runs }: Chain, link: Link, plan: Plan | null): Record<string, string> {
  const own = resolve(runs, link.name);
  if (link.command) return { output: join(own, 'train', '0', link.output) };
  const isTrained = plan === null || plan.settings.train.length > 0;
  return { run: own, ...(isTrained ? { model: join(own, 'train', '0', 'output') } : {}) };
}

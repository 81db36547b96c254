import { type ModelConfig, describeModel, protocolOf } from '../../../backends/registry.js';
import { readApiKey } from '../../../backends/server/apiKey.js';
import { ScaleQuestError } from '../../../errors.js';
import { type PipelineDocument, problem } from '../../document.js';
import { own } from '../../own.js';
import type { CheckDeps } from '../checkDeps.js';
import type { StepEntry } from '../readSteps.js';

/** Finds models that the steps ask and whose key is not in the environment: a run would end at its start for lack of it. */
export function checkKeys(
  document: PipelineDocument,
  models: Readonly<Record<string, ModelConfig>>,
  entries: readonly StepEntry[],
  { env, needsKeys = false }: Pick<CheckDeps, 'env' | 'needsKeys'>,
  problems: ScaleQuestError[],
): void {
  if (!needsKeys) return;
  const asked = entries.flatMap(({ step }) => step?.spec.models(step.parsed) ?? []);
  const names = asked.flatMap(({ model, needs }) => (needs === 'named' ? [] : [model]));
  for (const name of new Set(names)) {
    const config = own(models, name);
    problems.push(...unsetForServer(document, name, config, env));
    const variable = config && describeModel(config).servers?.apiKeyEnv;
    const fault = keyFault(name, variable, env);
    if (fault === null) continue;
    const kind = Object.keys(config!).find((key) => key !== 'template')!;
    problems.push(problem('ERR_PIPELINE_MODEL', document.at(['models', name, kind, 'apiKeyEnv']), fault));
  }
}

/** What a server that the run starts is to be given, and is not there. */
function unsetForServer(
  document: PipelineDocument,
  name: string,
  config: ModelConfig | undefined,
  env: CheckDeps['env'],
): ScaleQuestError[] {
  if (!config) return [];
  const { name: kind, options } = protocolOf(config);
  const { serve } = options as { serve?: { env?: readonly string[] } };
  const unset = (serve?.env ?? []).filter((variable) => !Object.hasOwn(env, variable));
  return unset.map((variable) => {
    const message = `the environment variable ${variable} is not set; set it, or take it out`;
    return problem('ERR_PIPELINE_INVALID', document.at(['models', name, kind, 'serve', 'env']), message);
  });
}

function keyFault(name: string, variable: string | undefined, env: CheckDeps['env']): string | null {
  try {
    readApiKey(name, variable, env);
    return null;
  } catch (error) {
    if (error instanceof ScaleQuestError) return error.message;
    throw error;
  }
}

import { ScaleQuestError } from '../../errors.js';
import { findDoubleBos } from './doubleBos.js';
import { keyRedactor } from '../../text/redactKey.js';
import type { OpenModelDeps } from '../openModel.js';
import { type ModelConfig, describeModel, protocolOf } from '../registry.js';
import { systemClock } from '../../clock.js';
import { readApiKey } from '../server/apiKey.js';
import { type TemplateConfig, resolveTemplate, templateAt } from './template.js';

/**
 * Returns ERR_MODEL_TEMPLATE for the first server of a model that would read two begin-of-sequence tokens; null if none would,
 * or none can be asked. With `isSure` it asks only where the template is known to begin with such a marker.
 */
export async function bosFault(
  name: string,
  config: ModelConfig,
  { env, folder, clock = systemClock }: OpenModelDeps,
  isSure = false,
): Promise<ScaleQuestError | null> {
  const { servers, rawPrompts } = describeModel(config);
  if (!servers || !rawPrompts) return null;
  const { replicas, model, apiKeyEnv } = servers;
  const { extra } = rawPrompts;
  const template = protocolOf(config).template as TemplateConfig;
  const { preQuery: prompt, bos } = resolveTemplate(templateAt(template, folder));
  if (isSure && bos === '') return null;
  const apiKey = readApiKey(name, apiKeyEnv, env);
  const key = apiKey === undefined ? {} : { apiKey };
  const asked = await Promise.all(
    replicas.map(async (url) => {
      const found = await findDoubleBos({ ...{ url, model, prompt, bos, extra, clock }, ...key });
      return found.kind === 'doubled' ? { url, token: keyRedactor(apiKey)(found.token) } : null;
    }),
  );
  const doubled = asked.find((each) => each !== null);
  if (!doubled) return null;
  return new ScaleQuestError(
    'ERR_MODEL_TEMPLATE',
    `model ${name} (${model} at ${doubled.url}) puts its begin-of-sequence token ${doubled.token} before a prompt that ` +
      'begins with it already, or reads the marker as text; with vLLM set extra: { add_special_tokens: false }, else use ' +
      'the template of that very model',
  );
}

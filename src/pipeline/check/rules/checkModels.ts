import { resolve } from 'node:path';
import type { z } from 'zod';
import {
  type ModelConfig,
  PROTOCOL_NAMES,
  type ProtocolName,
  describeModel,
  modelSchemas,
  protocolOf,
  writesTexts,
} from '../../../backends/registry.js';
import { billingFaults } from '../../../backends/price.js';
import type { ScaleQuestError } from '../../../errors.js';
import { type PipelineDocument, isRecord, problem } from '../../document.js';
import { suggestion } from '../../nearest.js';
import type { CheckDeps } from '../checkDeps.js';
import { pathAdvice, shownPath } from '../pathAdvice.js';
import { parseAt } from '../explain.js';

type Models = Record<string, ModelConfig>;

/** What may stand beside the kind of a model. */
const BESIDE_KIND = ['template', 'price', 'gpus'];

/** The models of the file, each of one known kind, with the files that it names. */
export async function checkModels(
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
    const kinds = keys.filter((key): key is ProtocolName => PROTOCOL_NAMES.includes(key as ProtocolName));
    if (kinds.length > 1) {
      const message =
        `found ${kinds.length} kinds of model (${kinds.join(', ')}), expected exactly one; to replace it on the command line, ` +
        `give the whole model: --set 'models.${name}={ ${kinds[1]}: { … } }'`;
      problems.push(problem('ERR_PIPELINE_MODEL', document.at(path), message));
      continue;
    }
    const [protocol] = kinds;
    if (!protocol) {
      const wrong = keys.find((key) => !BESIDE_KIND.includes(key));
      const message = wrong
        ? `unknown kind of model; ${suggestion(wrong, PROTOCOL_NAMES)}`
        : `found no kind of model, expected one of: ${PROTOCOL_NAMES.join(', ')}`;
      problems.push(
        problem('ERR_PIPELINE_MODEL', wrong ? document.atKey([...path, wrong]) : document.at(path), message),
      );
      continue;
    }
    const schema: z.ZodType<ModelConfig> = modelSchemas[protocol];
    const config = parseAt(document, path, schema, value, problems);
    if (!config) continue;
    models[name] = config;
    const use = protocolOf(config);
    for (const { path: key, message } of billingFaults(use.billing, writesTexts(use.protocol)))
      problems.push(problem('ERR_PIPELINE_INVALID', document.at([...path, ...key]), message));
    for (const [fault, key] of await fileFaults(config, folder, deps)) {
      problems.push(problem('ERR_MODEL_LOAD', document.at([...path, ...key]), fault));
    }
  }
  return models;
}

/** What is wrong with the files and packages that a model needs, and the keys that name them. */
async function fileFaults(
  config: ModelConfig,
  folder: string,
  { exists, canImport, isPending, readHead, looksHere, env }: CheckDeps,
): Promise<[fault: string, key: readonly string[]][]> {
  const faults: [string, readonly string[]][] = [];
  const { files, needs } = describeModel(config);
  const { name, protocol, options } = protocolOf(config);
  const lack = looksHere === true ? await protocol.lacks?.(options, env) : undefined;
  if (lack) faults.push([lack, [name]]);
  if (needs && !canImport(needs.package)) faults.push([needs.missing, needs.key]);
  for (const { path: written, key, head } of files) {
    const path = resolve(folder, written);
    if (!exists(path)) {
      if (isPending?.(path, 'other')) continue;
      const expected = 'expected a path relative to the pipeline file';
      faults.push([`found no file ${shownPath(written, path)}; ${pathAdvice(written, expected)}`, key]);
    } else if (head) {
      const fault = await readHead(path, head.bytes).then(head.fault, (error: Error) => error.message);
      if (fault !== null) faults.push([`${path}: ${fault}`, key]);
    }
  }
  return faults;
}

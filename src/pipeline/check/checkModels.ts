import { resolve } from 'node:path';
import { GGUF_HEADER_BYTES, ggufFault } from '../../backends/llamaCpp/ggufHeader.js';
import { type ModelConfig, describeModel, modelSchemas } from '../../backends/openModel.js';
import type { ScaleQuestError } from '../../errors.js';
import { type PipelineDocument, isRecord, problem } from '../document.js';
import { suggestion } from '../nearest.js';
import type { CheckDeps } from './checkDeps.js';
import { parseAt } from './explain.js';

type Models = Record<string, ModelConfig>;

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

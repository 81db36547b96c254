import { resolve } from 'node:path';
import { z } from 'zod';
import { classifyOptions, describeClassify, openClassify } from './protocols/classify.js';
import { type Clock, systemClock } from '../clock.js';
import { describeEmbeddings, embeddingsOptions, openEmbeddings } from './protocols/embeddings.js';
import { describeLlamaCpp, llamaCppOptions, openLlamaCpp } from './llamaCpp/llamaCpp.js';
import { cleaned, guardKey, keyRemover } from './http/keyGuard.js';
import type { Model } from './model.js';
import { describeOpenai, openOpenai, openaiOptions } from './protocols/openai.js';
import { describeOpenaiBatch, openOpenaiBatch, openaiBatchOptions } from './protocols/openaiBatch.js';
import { describePooling, openPooling, poolingOptions } from './protocols/pooling.js';
import { describeScorePair, openScorePair, scorePairOptions } from './protocols/scorePair.js';
import { type ScoreTemplateConfig, scoreTemplateSchema } from './templates/scoreTemplate.js';
import type { ServerDeps } from './protocols/serverClient.js';
import type { SharedPools } from './pool/sharedPools.js';
import { describeTei, openTei, teiOptions } from './protocols/tei.js';
import { type TemplateConfig, templateSchema } from './templates/template.js';

const template = templateSchema.default('qwen2-math');
const scoreTemplate = scoreTemplateSchema.default('chatml');

/** One schema a kind of model; the key in a pipeline file is the key here. */
export const modelSchemas = {
  llamaCpp: z.strictObject({ llamaCpp: llamaCppOptions, template }),
  openai: z.strictObject({ openai: openaiOptions, template }),
  openaiBatch: z.strictObject({ openaiBatch: openaiBatchOptions, template }),
  pooling: z.strictObject({ pooling: poolingOptions, template: scoreTemplate }),
  classify: z.strictObject({ classify: classifyOptions, template: scoreTemplate }),
  scorePair: z.strictObject({ scorePair: scorePairOptions }),
  tei: z.strictObject({ tei: teiOptions, template: scoreTemplate }),
  embeddings: z.strictObject({ embeddings: embeddingsOptions }),
};

export const modelSchema = z.union([
  modelSchemas.llamaCpp,
  modelSchemas.openai,
  modelSchemas.openaiBatch,
  modelSchemas.pooling,
  modelSchemas.classify,
  modelSchemas.scorePair,
  modelSchemas.tei,
  modelSchemas.embeddings,
]);

export type ModelConfig = z.output<typeof modelSchema>;

export interface ModelDescription {
  can: Model['can'];
  /** What decides the replies, without keys, hosts and execution knobs. */
  identity: object;
  /** Files that must be there. */
  files: readonly string[];
  contextTokens: number | undefined;
  /** A package that is not installed with this one, and what to say where it is missing. */
  needs?: { package: string; missing: string };
}

/** What can be said of a model without opening it. */
export function describeModel(config: ModelConfig): ModelDescription {
  const { files, ...described } = describeKind(config);
  if (!('template' in config)) return { ...described, files };
  return {
    ...described,
    identity: { ...described.identity, template: config.template },
    files: [...files, ...tokenizerOf(config.template)],
  };
}

function describeKind(config: ModelConfig): ModelDescription {
  if ('llamaCpp' in config) return describeLlamaCpp(config.llamaCpp);
  if ('openai' in config) return describeOpenai(config.openai);
  if ('openaiBatch' in config) return describeOpenaiBatch(config.openaiBatch);
  if ('pooling' in config) return describePooling(config.pooling);
  if ('classify' in config) return describeClassify(config.classify);
  if ('scorePair' in config) return describeScorePair(config.scorePair);
  if ('tei' in config) return describeTei(config.tei);
  return describeEmbeddings(config.embeddings);
}

/** Of a model that scores: whether its protocol and template have a form for a question without a response. */
export function scoresQuestions(config: ModelConfig): boolean {
  if ('scorePair' in config || ('tei' in config && config.tei.input !== 'text')) return false;
  const asksText = 'tei' in config || ('classify' in config && config.classify.input === 'text');
  if (!asksText && !('pooling' in config && config.pooling.input === 'text')) return true;
  const template = 'template' in config ? config.template : undefined;
  return !(typeof template === 'object' && 'pair' in template && template.user === undefined);
}

type AnyTemplate = TemplateConfig | ScoreTemplateConfig;

function tokenizerOf(config: AnyTemplate): string[] {
  return typeof config === 'object' && 'tokenizer' in config ? [config.tokenizer] : [];
}

/** The same with its path made absolute. */
export function templateAt<Config extends AnyTemplate>(config: Config, folder: string): Config {
  const [path] = tokenizerOf(config);
  return path === undefined ? config : ({ tokenizer: resolve(folder, path) } as Config);
}

export interface OpenModelDeps {
  env: Readonly<Record<string, string | undefined>>;
  /** Names of the variables that hold the keys of all models of the run; see `keyVariablesOf`. */
  keyVariables?: ReadonlySet<string>;
  /** Where relative paths start. */
  folder: string;
  clock?: Clock;
  random?: () => number;
  /** Roles that are given the same one share the pools of the servers that they have in common. */
  pools?: SharedPools;
  /** Gives up a server that is still starting. */
  signal?: AbortSignal;
}

/** Starts the engine or the client of a model; `close` it when done. */
export async function openModel(
  name: string,
  config: z.input<typeof modelSchema>,
  { env, keyVariables, folder, clock = systemClock, random = Math.random, pools, signal }: OpenModelDeps,
): Promise<Model> {
  const parsed = modelSchema.parse(config);
  const variable = keyVariableOf(parsed);
  // What its servers are sent; undefined where it has none, or its variable is not set.
  const key = variable === undefined ? undefined : env[variable]?.trim();
  const opened = openKind(name, parsed, folder, {
    ...{ env, clock, random, pools, signal },
    ...(keyVariables ? { keyVariables } : {}),
  });
  return guardKey(await cleaned(opened, keyRemover(key)), key);
}

function keyVariableOf(config: ModelConfig): string | undefined {
  for (const options of Object.values(config)) {
    if (typeof options === 'object' && 'apiKeyEnv' in options && options.apiKeyEnv) return options.apiKeyEnv;
  }
  return undefined;
}

/** The variables of the environment that hold the models' keys. */
export function keyVariablesOf(models: Iterable<ModelConfig>): Set<string> {
  return new Set([...models].map(keyVariableOf).filter((name) => name !== undefined));
}

async function openKind(name: string, parsed: ModelConfig, folder: string, deps: ServerDeps): Promise<Model> {
  if ('scorePair' in parsed) return openScorePair(name, parsed.scorePair, deps);
  if ('embeddings' in parsed) return openEmbeddings(name, parsed.embeddings, deps);
  if ('llamaCpp' in parsed) {
    return openLlamaCpp(name, parsed.llamaCpp, templateAt(parsed.template, folder), folder);
  }
  if ('openai' in parsed) return openOpenai(name, parsed.openai, templateAt(parsed.template, folder), deps);
  if ('openaiBatch' in parsed) {
    return openOpenaiBatch(name, parsed.openaiBatch, templateAt(parsed.template, folder), deps);
  }
  const scoring = templateAt(parsed.template, folder);
  if ('pooling' in parsed) return openPooling(name, parsed.pooling, scoring, deps);
  if ('classify' in parsed) return openClassify(name, parsed.classify, scoring, deps);
  return openTei(name, parsed.tei, scoring, deps);
}

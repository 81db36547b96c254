import { resolve } from 'node:path';
import { bosFault } from '../../backends/templates/bosFault.js';
import type { Model } from '../../backends/model.js';
import { type OpenModelDeps, openModel, probeModel } from '../../backends/openModel.js';
import { type ModelConfig, describeModel, protocolOf } from '../../backends/registry.js';
import { loadReplicas } from '../../backends/pool/replicaList.js';
import { baseUrlFault } from '../../backends/server/serverOptions.js';
import { type ErrorCode, RowError, ScaleQuestError } from '../../errors.js';
import type { ModelNeed } from '../../operators/lib/operator.js';
import type { Plan } from '../plan.js';

type Need = ModelNeed['needs'];

const TIMEOUT_MS_MAX = 30_000;

/**
 * Asks every server of every model one small question of each kind that the steps will ask. So wrong keys, names, paths,
 * protocols and certificates show before the run. Servers that the run itself starts are not asked. Returns every error.
 */
export async function checkOnline(
  plan: Pick<Plan, 'models' | 'steps'>,
  deps: OpenModelDeps,
): Promise<ScaleQuestError[]> {
  const questions = Object.entries(plan.models).flatMap(([name, config]) =>
    withListed(name, config, deps, (listed) =>
      oneByOne(listed).map((single) => askOnce(name, single, needsOf(plan, name), deps)),
    ),
  );
  return (await Promise.all(questions)).filter((error) => error !== null);
}

/** What is asked of a model whose servers a file lists, if so; or the error why there is nobody to ask. */
function withListed(
  name: string,
  config: ModelConfig,
  { folder }: OpenModelDeps,
  ask: (config: ModelConfig) => Promise<ScaleQuestError | null>[],
): Promise<ScaleQuestError | null>[] {
  const { servers } = describeModel(config);
  if (servers?.replicasFrom === undefined) return ask(config);
  const path = resolve(folder, servers.replicasFrom);
  try {
    const replicas = loadReplicas(name, { path, faultOf: baseUrlFault, toUrl: (url) => url });
    if (replicas.length === 0) {
      const message = `model ${name} (${servers.model}): ${path} lists no server; start one that writes its url there`;
      return [Promise.resolve(new ScaleQuestError('ERR_MODEL_UNREACHABLE', message))];
    }
    const { name: protocol, options } = protocolOf(config);
    const { replicasFrom: _, ...others } = options as { replicasFrom?: string };
    return ask({ ...config, [protocol]: { ...others, replicas } } as ModelConfig);
  } catch (error) {
    if (error instanceof ScaleQuestError) return [Promise.resolve(error)];
    throw error;
  }
}

function needsOf(plan: Pick<Plan, 'steps'>, model: string): Set<Need> {
  const needs = plan.steps.flatMap(({ spec, parsed }) => spec.models(parsed));
  return new Set(needs.flatMap((need) => (need.model === model ? [need.needs] : [])));
}

/** The model as somebody who looks on asks it: an unreachable server is not waited for, and nothing is asked again. */
export function withoutPatience(config: ModelConfig): ModelConfig {
  const { servers } = describeModel(config);
  if (!servers || servers.isManaged) return config;
  const { name, options } = protocolOf(config);
  return { ...config, [name]: { ...options, retriesMax: 0, unreachableMs: 0 } } as ModelConfig;
}

/** The model once for each of its servers. An unreachable one is not waited for. */
function oneByOne(config: ModelConfig): ModelConfig[] {
  const { servers } = describeModel(config);
  if (!servers) return [config];
  if (servers.isManaged) return [];
  const { name, options } = protocolOf(config);
  const timeoutMs = Math.min(servers.timeoutMs, TIMEOUT_MS_MAX);
  return servers.replicas.map((url) => {
    const single = { ...options, replicas: [url], timeoutMs, retriesMax: 0, unreachableMs: 0 };
    return { ...config, [name]: single } as ModelConfig;
  });
}

async function askOnce(
  name: string,
  config: ModelConfig,
  needs: ReadonlySet<Need>,
  deps: OpenModelDeps,
): Promise<ScaleQuestError | null> {
  let model: Model | null = null;
  try {
    if (await probeModel(name, config, deps)) return null;
    model = await openModel(name, config, deps);
    for (const need of needs) await QUESTIONS[need](model);
    return await bosFault(name, config, deps);
  } catch (error) {
    if (error instanceof ScaleQuestError) return asModelError(error, serverOf(name, config));
    throw error;
  } finally {
    await model?.close();
  }
}

/** The name of a model and its server in messages. */
export function serverOf(name: string, config: ModelConfig): string {
  const { servers } = describeModel(config);
  return servers ? `model ${name} (${servers.model} at ${servers.replicas[0]})` : `model ${name}`;
}

/**
 * An error that would reject one row in a run means here that the server cannot be used. Messages of rows do not name the
 * server, because the table of lost rows must not depend on it; this one does.
 */
export function asModelError(error: ScaleQuestError, server: string): ScaleQuestError {
  if (!(error instanceof RowError)) return error;
  const code = MEANINGS[error.code] ?? 'ERR_MODEL_PROTOCOL';
  const advice = code === 'ERR_MODEL_UNREACHABLE' ? '; see its log, then check again' : '';
  const message = error.message.startsWith(server) ? error.message : `${server}: ${error.message}`;
  return new ScaleQuestError(code, `${message}${advice}`, { cause: error, data: error.data });
}

const MEANINGS: Partial<Record<ErrorCode, ErrorCode>> = {
  ROW_TIMEOUT: 'ERR_MODEL_UNREACHABLE',
  ROW_SERVER_ERROR: 'ERR_MODEL_UNREACHABLE',
  ROW_REFUSED: 'ERR_MODEL_REFUSED',
  ROW_PROMPT_TOO_LONG: 'ERR_MODEL_REFUSED',
};

const USER = { kind: 'user', text: 'What is 1 + 1? Answer Yes if you know and No if not.' } as const;
const ONE_TOKEN = { seq: 0, n: 1, tokensMax: 1, temperature: 1, topP: 1, seed: 1 };

/** The least that Anthropic takes, and room for an answer behind it. */
const THOUGHT = { thinkingTokensMax: 1024, tokensMax: 1025 };

const QUESTIONS: Record<Need, (model: Model) => Promise<unknown>> = {
  preQuery: (model) => model.complete({ ...ONE_TOKEN, message: { kind: 'preQuery' } }),
  complete: (model) => model.complete({ ...ONE_TOKEN, message: USER }),
  choose: (model) => model.choose({ seq: 0, message: USER, options: ['Yes', 'No'] }),
  score: (model) => model.score({ seq: 0, items: [{ user: 'What is 1 + 1?', assistant: 'It is 2.' }] }),
  scoreQuestion: (model) => model.score({ seq: 0, items: [{ user: 'What is 1 + 1?', assistant: null }] }),
  scoreSteps: (model) => {
    const steps = ['1 is one more than 0.', 'So it is 2.'];
    const items = steps.map((assistant) => ({ user: 'What is 1 + 1?', assistant }));
    return model.score({ seq: 0, items, areSteps: true });
  },
  embed: (model) => model.embed({ seq: 0, texts: ['What is 1 + 1?'] }),
  boundThought: (model) => model.complete({ ...ONE_TOKEN, ...THOUGHT, message: USER }),
  execute: (model) =>
    model.execute({
      ...{ seq: 0, language: 'python', program: 'def two():\n    return 2', cpuSeconds: 5, memoryMiB: 512 },
      tests: { kind: 'asserts', asserts: ['assert two() == 2'] },
    }),
  named: async () => {},
};

import type { Finish } from '../../backends/model.js';
import { type ModelConfig, protocolOf } from '../../backends/registry.js';
import type { CalledEvent } from '../../run/events.js';

/** What OpenTelemetry’s conventions for generative AI want to know of a model. */
export interface ModelNames {
  /** `gen_ai.provider.name`: the dialect that its servers speak. */
  provider: string;
  /** `gen_ai.request.model`: as its servers call it. */
  model: string;
  /** `gen_ai.operation.name` of a completion. */
  operation: 'chat' | 'text_completion';
}

export function modelNames(name: string, config: ModelConfig | undefined): ModelNames {
  if (!config) return { provider: 'unknown', model: name, operation: 'chat' };
  const { name: provider, options } = protocolOf(config);
  const { model, protocol } = options as { model?: unknown; protocol?: unknown };
  const isRaw = protocol === 'completions' || provider === 'llamaCpp';
  return {
    provider: PROVIDERS.get(provider) ?? provider,
    model: typeof model === 'string' ? model : name,
    operation: isRaw ? 'text_completion' : 'chat',
  };
}

/** Protocols whose provider has a name in the conventions, or is not called as its protocol here. */
const PROVIDERS = new Map<string, string>([
  ['openaiBatch', 'openai'],
  ['anthropicBatch', 'anthropic'],
  ['llamaCpp', 'llama_cpp'],
]);

export type Attributes = Record<string, string | number | boolean | string[]>;

/** The name of the span of a call: operation and model, as the conventions say. */
export function callName({ kind }: CalledEvent, names: ModelNames): string {
  return `${operationOf(kind, names)} ${names.model}`;
}

/** What of a call is the same for many, with nothing in it that the environment filled in. */
export interface CallNames extends ModelNames {
  /** The label of the step. */
  step: string;
  /** The name of the model in the pipeline file. */
  name: string;
  server: Attributes;
}

/** Servers may come and go for ever. */
const NAMES_MAX = 10_000;

/** Looks the names of calls up, and keeps them. `clean` takes out what the environment filled in. */
export function createCallNames(
  models: Readonly<Record<string, ModelConfig>>,
  clean: (text: string) => string,
): (event: CalledEvent) => CallNames {
  const known = new Map<string, CallNames>();
  return ({ step, model, replica = '' }) => {
    const key = JSON.stringify([step, model, replica]);
    const found = known.get(key);
    if (found) return found;
    const names = modelNames(model, Object.hasOwn(models, model) ? models[model] : undefined);
    const server = serverAttributes(clean(replica));
    const all = { ...names, step: clean(step), name: clean(model), model: clean(names.model), server };
    if (known.size < NAMES_MAX) known.set(key, all);
    return all;
  };
}

/** The attributes of the span of a call: by the conventions where they have one, else of our own. */
export function callAttributes(event: CalledEvent, names: CallNames): Attributes {
  const { kind, choices, tokensMax, temperature, topP, finishes, code } = event;
  const attributes: Attributes = {
    'gen_ai.operation.name': operationOf(kind, names),
    'gen_ai.provider.name': names.provider,
    'gen_ai.request.model': names.model,
    'gen_ai.usage.input_tokens': event.promptTokens,
    'gen_ai.usage.output_tokens': event.completionTokens,
    'scalequest.step': names.step,
    'scalequest.model': names.name,
    'scalequest.row.seq': event.seq,
    'scalequest.call.kind': kind,
    'scalequest.call.tries': event.tries,
    'scalequest.store.hit': event.isStoreHit,
    ...names.server,
  };
  if (choices !== undefined && choices !== 1) attributes['gen_ai.request.choice.count'] = choices;
  if (tokensMax !== undefined) attributes['gen_ai.request.max_tokens'] = tokensMax;
  if (temperature !== undefined) attributes['gen_ai.request.temperature'] = temperature;
  if (topP !== undefined) attributes['gen_ai.request.top_p'] = topP;
  if (finishes !== undefined) attributes['gen_ai.response.finish_reasons'] = finishes.map(finishOf);
  if (code !== undefined) attributes['error.type'] = code;
  return attributes;
}

function operationOf(kind: CalledEvent['kind'], { operation }: ModelNames): string {
  if (kind === 'embed') return 'embeddings';
  if (kind === 'execute') return 'execute_tool';
  return kind === 'score' ? 'score' : operation;
}

/** Host and port alone: an address may hold a password, and a key behind its `?`. */
export function serverAttributes(replica: string | undefined): Attributes {
  if (replica === undefined || !URL.canParse(replica)) return {};
  const { hostname, port, protocol } = new URL(replica);
  return { 'server.address': hostname, 'server.port': Number(port) || (protocol === 'https:' ? 443 : 80) };
}

function finishOf(finish: Finish): string {
  if (finish === 'filter') return 'content_filter';
  return finish === 'toolCall' ? 'tool_calls' : finish;
}

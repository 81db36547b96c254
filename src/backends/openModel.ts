import { type Clock, systemClock } from '../clock.js';
import { keyRedactor, withRedactedErrors } from '../text/redactKey.js';
import { guardKey } from './http/guardKey.js';
import { guardMarkers } from './guardMarkers.js';
import type { Model } from './model.js';
import type { SharedPools } from './pool/sharedPools.js';
import type { OpenDeps } from './protocol.js';
import { keyIn } from './server/apiKey.js';
import { withRefusals } from './refusals.js';
import {
  type ModelConfig,
  type ModelInput,
  describeModel,
  modelSchema,
  protocolOf,
  protocolsThatCan,
} from './registry.js';
import { templateAt } from './templates/template.js';

export interface OpenModelDeps {
  env: Readonly<Record<string, string | undefined>>;
  /** Where relative paths start. */
  folder: string;
  clock?: Clock;
  random?: () => number;
  /** Models that are opened with the same `pools` share one pool for the servers that they have in common. */
  pools?: SharedPools;
  /** Gives up a server that is still starting. */
  signal?: AbortSignal;
  /** Lets requests through as far as a budget reaches; all if absent. */
  allowance?: OpenDeps['allowance'];
  /** Told what is waited for while a server starts. */
  onStarting?: OpenDeps['onStarting'];
}

/** Starts the engine or the client of a model; `close` it when done. */
export async function openModel(name: string, config: ModelInput, deps: OpenModelDeps): Promise<Model> {
  const parsed = modelSchema.parse(config);
  const key = keyOf(parsed, deps);
  const { protocol, options, template } = protocolOf(parsed);
  const opening = protocol.open(name, options, templateAt(template, deps.folder), openDeps(deps));
  const opened = await withRedactedErrors(opening, keyRedactor(key));
  return guardKey(withRefusals(guardMarkers(opened), protocolsThatCan), key);
}

/**
 * Asks a model's server whether it can be used, if the protocol has a cheaper way to find out than a question to the model.
 * Returns whether it has one. Rejects as a request of a run would.
 */
export async function probeModel(name: string, config: ModelConfig, deps: OpenModelDeps): Promise<boolean> {
  const { protocol, options } = protocolOf(config);
  if (!protocol.probe) return false;
  const probing = protocol.probe(name, options, openDeps(deps));
  await withRedactedErrors(probing, keyRedactor(keyOf(config, deps)));
  return true;
}

function openDeps({ clock = systemClock, random = Math.random, ...deps }: OpenModelDeps): OpenDeps {
  return { ...deps, clock, random };
}

/** The key that the model's servers get; undefined if it has none, or its variable is not set. */
function keyOf(config: ModelConfig, { env }: OpenModelDeps): string | undefined {
  const variable = describeModel(config).servers?.apiKeyEnv;
  return variable === undefined ? undefined : keyIn(env, variable);
}

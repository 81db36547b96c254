import { ENGINE_DEFAULTS } from './engine.js';
import { type Kind, type Lengths, DEFAULT_KINDS } from './texts.js';

/** How `/metrics` treats the truth. */
export type MetricsMode = 'true' | 'frozen' | 'zero' | 'times10' | 'absent';

export interface EndpointOptions {
  /** 0 for any free port. */
  port: number;
  slots: number;
  stepBaseMs: number;
  stepPerSlotMs: number;
  prefillTokensPerStep: number;
  /** Infinity for room without bound; `null` reads as Infinity. */
  kvTokensMax: number | null;
  /** Most sequences running and waiting, more get 503; `null` reads as Infinity. */
  queuedMax: number | null;
  /** Blocks of 16 prompt tokens that the prefix cache holds; 0 for no cache. */
  prefixBlocksMax: number;
  /** Simulated milliseconds that pass in a real one; 0 answers everything at once, without slots. */
  timeScale: number;
  /** Real time that every reply of a model needs besides, as a round trip would. */
  latencyMs: number;
  /** Longer prompts get 400, as does a prompt whose max_tokens do not fit; `null` for no limit. */
  contextTokens: number | null;
  /** The only model name that is known; empty for any. */
  model: string;
  kinds: Kind[];
  /** Replaces the lengths of every kind. */
  lengths: Lengths | null;
  /** `sglang`: `/classify` takes `text` and gives `[{ embedding, meta_info }]`. */
  classify: 'vllm' | 'sglang';
  /** `tokens`: `/pooling` gives a score for each token, the last being the reward (as vLLM with ALL pooling). */
  pooling: 'sequence' | 'tokens';
  metrics: MetricsMode;
  metricsFlavour: 'vllm' | 'sglang' | 'llamacpp';
  /** Age of what `/metrics` says. */
  metricsLagMs: number;
  keepAliveMs: number;
  faultSeed: number;
  /** What decides whether a request is hit: its number in order of arrival, or its own body and how often it came. */
  faultsBy: 'number' | 'body';
  bucketMs: number;
  /** Keeps what `jobs` and the count of repeated requests need; millions of requests would fill the memory. */
  remembers: boolean;
}

export const ENDPOINT_DEFAULTS: EndpointOptions = {
  port: 0,
  slots: ENGINE_DEFAULTS.slots,
  stepBaseMs: ENGINE_DEFAULTS.stepBaseMs,
  stepPerSlotMs: ENGINE_DEFAULTS.stepPerSlotMs,
  prefillTokensPerStep: ENGINE_DEFAULTS.prefillTokensPerStep,
  kvTokensMax: null,
  queuedMax: null,
  prefixBlocksMax: 0,
  timeScale: 1,
  latencyMs: 0,
  contextTokens: null,
  model: '',
  kinds: DEFAULT_KINDS,
  lengths: null,
  classify: 'vllm',
  pooling: 'sequence',
  metrics: 'true',
  metricsFlavour: 'vllm',
  metricsLagMs: 500,
  keepAliveMs: 5000,
  faultSeed: 1,
  faultsBy: 'number',
  bucketMs: 1000,
  remembers: true,
};

/** `--slots 64 --lengths '{"meanTokens":100,"sigma":0,"capTokens":100}'`: every option by its name, objects as JSON. */
export function parseFlags(words: readonly string[]): EndpointOptions {
  const given: Record<string, unknown> = {};
  for (let at = 0; at < words.length; at += 2) {
    const name = words[at]!.replace(/^--/, '');
    if (!Object.hasOwn(ENDPOINT_DEFAULTS, name)) {
      throw new Error(
        `unknown option ${words[at]}; expected one of ${Object.keys(ENDPOINT_DEFAULTS).join(', ')}`,
      );
    }
    const text = words[at + 1];
    if (text === undefined) throw new Error(`${words[at]} needs a value`);
    const isText = typeof ENDPOINT_DEFAULTS[name as keyof EndpointOptions] === 'string';
    given[name] = isText ? text : JSON.parse(text);
  }
  return { ...ENDPOINT_DEFAULTS, ...given };
}

export function toFlags(options: Partial<EndpointOptions>): string[] {
  return Object.entries(options)
    .filter(([, value]) => value !== undefined)
    .flatMap(([name, value]) => [`--${name}`, typeof value === 'string' ? value : JSON.stringify(value)]);
}

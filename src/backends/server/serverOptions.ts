import { z } from 'zod';
import { type ServeOptions, serveOptions } from '../../process/managedServer.js';
import {
  REQUESTS_IN_FLIGHT_MAX_DEFAULT,
  RETRIES_MAX_DEFAULT,
  TIMEOUT_MS_DEFAULT,
  BUSY_MS_DEFAULT,
  UNREACHABLE_FIRST_MS_DEFAULT,
  UNREACHABLE_MS_DEFAULT,
} from '../limits.js';

/** The options that all models behind HTTP servers share. */

const REPLICAS_HELP =
  'Servers of the model, each by the base of its API, which mostly ends in /v1: [http://127.0.0.1:8000/v1].';

function urlsOption(path: string) {
  return z
    .array(
      z.string().superRefine((text, context) => {
        const message = urlFault(text, path);
        if (message) context.addIssue({ code: 'custom', message });
      }),
    )
    .refine((urls) => new Set(urls).size === urls.length, 'expected each url once');
}

/** Options that say where and what. `path` is an end that a url must not have, as `/completions`. */
export function addressOptions(path: string) {
  return {
    replicas: urlsOption(path).min(1).describe(REPLICAS_HELP),
    model: z.string().min(1).describe('The name under which the server knows the model.'),
    apiKeyEnv: z
      .string()
      .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'expected the name of an environment variable, not a key')
      .optional()
      .describe(
        'Name of the environment variable that holds the key; the key itself is never written anywhere.',
      ),
  };
}

/** The same where a file may list the servers, `replicasFrom`. */
export function listedOptions(path: string) {
  return { ...addressOptions(path), replicas: urlsOption(path).default([]).describe(REPLICAS_HELP) };
}

/** Options that say how much at once and for how long. */
export const loadOptions = {
  replicasFrom: z
    .string()
    .min(1)
    .optional()
    .describe(
      'In place of `replicas`: a text file that lists them, one url a line, or a folder of such files, as [servers]. It is read ' +
        'again all the time, so servers may come and go while the run goes on; `scalequest serve` keeps such a folder. While ' +
        'it lists none, the run waits, for `unreachableMs`.',
    ),
  serve: serveOptions.optional().describe(serveOptions.description!),
  slots: z
    .int()
    .min(1)
    .optional()
    .describe(
      'Sequences that one server runs at once (vLLM’s --max-num-seqs), for servers without a metrics page; with one, the ' +
        'server’s own queue tells. A request of n choices, or of n texts to score, is n sequences.',
    ),
  requestsInFlightMax: z
    .int()
    .min(1)
    .max(65_536)
    .default(REQUESTS_IN_FLIGHT_MAX_DEFAULT)
    .describe(
      'Most sequences at once at one server, counted as in `slots`; how many it is given is steered below that. A request that ' +
        'has more than this goes alone.',
    ),
  requestsPerMinute: z
    .number()
    .positive()
    .max(1_000_000)
    .optional()
    .describe(
      'Most requests a minute that a hosted service takes, for all replicas of the model together; they are spread evenly. ' +
        'Tries that fail count too. Models that name one served model at the same urls, with the same limits, share them.',
    ),
  tokensPerMinute: z
    .number()
    .positive()
    .max(1_000_000_000)
    .optional()
    .describe(
      'Most tokens a minute, of prompts and replies together, for all replicas of the model together. A request counts with ' +
        'its prompt and the longest reply that it asks for, and with what it took once it is answered.',
    ),
  timeoutMs: z
    .int()
    .min(1)
    .max(86_400_000)
    .default(TIMEOUT_MS_DEFAULT)
    .describe('Deadline of one request, from connecting to the last byte, in milliseconds.'),
  retriesMax: z
    .int()
    .min(0)
    .max(100)
    .default(RETRIES_MAX_DEFAULT)
    .describe(
      'Tries after the first when the server fails; waiting for a busy server costs none. Then the row is lost, unless the ' +
        'server fails at all calls.',
    ),
  unreachableMs: z
    .int()
    .min(0)
    .max(86_400_000)
    .optional()
    .describe(
      'How long the server may be unreachable, or fail at every call, before the run ends, in milliseconds. If absent, ' +
        `${UNREACHABLE_MS_DEFAULT} once it has answered, which outlasts a restart, and ${UNREACHABLE_FIRST_MS_DEFAULT} before.`,
    ),
  busyMs: z
    .int()
    .min(0)
    .max(604_800_000)
    .default(BUSY_MS_DEFAULT)
    .describe(
      'How long the server may do nothing but refuse (429, 503) before the run ends, in milliseconds; 86400000 waits for a ' +
        'daily quota. If it says that it opens later than that, the run ends after a minute and says when.',
    ),
};

/** A refinement: the servers are listed in one way, and `serve` starts one. */
export function checkServers(
  {
    serve,
    replicas,
    replicasFrom,
  }: { serve?: ServeOptions | undefined; replicas: readonly string[]; replicasFrom?: string | undefined },
  context: z.RefinementCtx,
): void {
  const fault = serve && placementFault(serve, replicasFrom);
  if (fault) context.addIssue({ code: 'custom', ...fault });
  if (replicasFrom === undefined && replicas.length === 0) {
    const message = 'expected the urls of the servers, or replicasFrom, a file or folder that lists them';
    context.addIssue({ code: 'custom', path: ['replicas'], message });
  }
  const isHere = serve !== undefined && serve.on !== 'cluster';
  if (replicasFrom !== undefined && (replicas.length > 0 || isHere)) {
    const other = isHere ? 'serve' : 'replicas';
    const message = `expected either ${other} or replicasFrom`;
    context.addIssue({ code: 'custom', path: ['replicasFrom'], message });
    return;
  }
  if (!isHere || replicas.length === 1) return;
  const message =
    'expected one replica with serve; give each server of its own a model, or start them yourself';
  context.addIssue({ code: 'custom', path: ['serve'], message });
}

/** What is wrong with where servers are started; null if nothing is. */
function placementFault(
  { on, command, gpus, replicas, gpusEach }: ServeOptions,
  replicasFrom: string | undefined,
): { path: string[]; message: string } | null {
  if (on !== 'cluster') {
    const name = replicas !== undefined ? 'replicas' : gpusEach !== undefined ? 'gpusEach' : null;
    return name && { path: ['serve', name], message: `expected on: cluster beside ${name}` };
  }
  if (replicasFrom === undefined)
    return {
      path: ['serve', 'on'],
      message: 'expected replicasFrom beside on: cluster, the folder in which the servers list themselves',
    };
  if (gpus !== undefined)
    return {
      path: ['serve', 'gpus'],
      message: 'expected gpusEach in place of gpus: the cluster chooses which ones',
    };
  if (command.some((word) => word.includes('{port}'))) return null;
  return { path: ['serve', 'command'], message: 'expected {port} in it: each server is given a free port' };
}

/** More fields of a body, but for those that the framework sets. */
export function extraOption(ownFields: readonly string[], help: string) {
  return z
    .record(z.string(), z.json())
    .default({})
    .superRefine((fields, context) => {
      const own = Object.keys(fields).find((key) => ownFields.includes(key));
      if (own)
        context.addIssue({ code: 'custom', message: `${own} is set by the steps and cannot be set here` });
    })
    .describe(help);
}

/** Says what is wrong with a base url; null if nothing is. Never repeats a part that could contain a key. */
export function baseUrlFault(text: string): string | null {
  return urlFault(text, '');
}

/** `path` is an end that it must not have. */
function urlFault(text: string, path: string): string | null {
  if (!URL.canParse(text)) return 'expected a url, as in http://127.0.0.1:8000/v1';
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return 'expected http:// or https://';
  if (url.username || url.password) return 'expected a url without user and password; use apiKeyEnv';
  if (url.search || url.hash) return 'expected a url without ? and #';
  if (path !== '' && url.pathname.replace(/\/+$/, '').endsWith(path))
    return `expected the base of the API, without ${path}`;
  return null;
}

/** The root of a server whose paths stand beside /v1, however its url is written. */
export function withoutV1(url: string): string {
  return url.replace(/(\/v1)?\/*$/, '');
}

export interface ServerOptions {
  replicas: readonly string[];
  replicasFrom?: string | undefined;
  model: string;
  apiKeyEnv?: string | undefined;
  serve?: ServeOptions | undefined;
  slots?: number | undefined;
  requestsInFlightMax: number;
  requestsPerMinute?: number | undefined;
  tokensPerMinute?: number | undefined;
  timeoutMs: number;
  retriesMax: number;
  unreachableMs?: number | undefined;
  busyMs?: number | undefined;
}

/** The part of a description that all models behind servers have in common. */
export function describeServed({
  replicas,
  replicasFrom,
  model,
  apiKeyEnv,
  serve,
  timeoutMs,
}: Pick<ServerOptions, 'replicas' | 'replicasFrom' | 'model' | 'apiKeyEnv' | 'serve' | 'timeoutMs'>) {
  const onCluster = serve?.on === 'cluster' ? serve : undefined;
  const isManaged = serve !== undefined && onCluster === undefined;
  const placed = onCluster ? { onCluster } : {};
  const servers = { replicas, replicasFrom, model, apiKeyEnv, isManaged, ...placed, timeoutMs };
  return { servers, files: [], contextTokens: undefined, rawPrompts: null, scoresQuestions: false };
}

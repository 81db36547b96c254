import type { z } from 'zod';
import { RowError, ScaleQuestError } from '../../errors.js';
import type { HttpReply } from '../http/httpClient.js';
import type { LastAnswer } from '../http/retryPolicy.js';
import { TryFailure } from '../http/tryFailure.js';
import { askedMs } from './askedWait.js';
import { parseReplyJson } from './replyJson.js';
import {
  type ServerError,
  errorOf,
  isFiltered,
  isSpent,
  isTooLong,
  said,
  serverWords,
} from './serverError.js';

/** How messages name a protocol. */
export interface Speaks {
  /** As in "the OpenAI protocol". */
  protocol: string;
  /** What the url must be: "the base of its API, which mostly ends in /v1". */
  base: string;
  /** Its paths stand beside /v1, not under it. The user may write the url with or without /v1. */
  besideV1?: boolean;
  /** The headers of each request, with the key; as OpenAI's if absent. */
  headersOf?: (apiKey: string | undefined) => Record<string, string>;
}

/** What is needed to read a reply and to write messages about it. */
export interface ReplyContext {
  /** Names the model and the server at the start of each message. */
  label: string;
  /** The model's name as the server must know it. */
  model: string;
  apiKeyEnv: string | undefined;
  /** Taken out of whatever a server says. */
  apiKey: string | undefined;
  /** A strange reply before any other means that the url is wrong. */
  lastAnswer: Readonly<LastAnswer>;
  speaks: Speaks;
  /** Milliseconds since 1970. */
  nowMs: () => number;
}

/**
 * Reads the reply's JSON by a schema. Throws what any other reply means: a TryFailure, a RowError, or a ScaleQuestError that
 * ends the run. `part` names what a reply must have, as in "choices". `isPlain` is a cheap check for values that the schema
 * would return as they are; it may let extra fields through.
 */
export function parseReply<Schema extends z.ZodType>(
  reply: HttpReply,
  schema: Schema,
  part: string,
  context: ReplyContext,
  isPlain?: (value: unknown) => value is z.output<Schema>,
): z.output<Schema> {
  if (reply.status !== 200) throw statusError(reply, context);
  const { label, lastAnswer } = context;
  if (reply.unreadCoding !== undefined) throw compressed(context, reply.unreadCoding);
  const type = reply.header('content-type') ?? '';
  if (isPage(reply)) throw foreign(context, 'a web page');
  if (/text\/event-stream/i.test(type)) throw foreign(context, 'a stream of events');
  if (reply.isUtf8 === false) throw new TryFailure('reply', `${label} sent a reply that is not UTF-8`);
  const value = parseReplyJson(reply.text);
  if (value === undefined) throw new TryFailure('reply', `${label} sent a reply that is not whole JSON`);
  if (isPlain?.(value)) return value;
  const parsed = schema.safeParse(value);
  if (parsed.success && !lacksItems(parsed.data)) return parsed.data;
  // Some gateways wrap a failure into a status of 200, also beside an empty list of what was asked for.
  const error = errorOf(value);
  if (error) throw wrappedError(error, reply, context);
  if (parsed.success) return parsed.data;
  if (lastAnswer.atMs === undefined) {
    throw foreign(context, `JSON without ${parsed.error.issues[0]?.path.join('.') || part}`);
  }
  throw new TryFailure('reply', `${label} sent a reply without ${part} that can be read`);
}

/** Whether a list of a reply is empty. */
function lacksItems(data: unknown): boolean {
  const values = Array.isArray(data) ? [data] : Object.values((data ?? {}) as object);
  return values.some((value) => Array.isArray(value) && value.length === 0);
}

/** A failure in a status of 200 means what it would mean with its own status. */
function wrappedError(error: ServerError, reply: HttpReply, context: ReplyContext): Error {
  const { status } = error;
  if (status !== undefined)
    return failureOf(status, error, reply, context, `answered 200 with an error of status ${status}`);
  return new TryFailure('server', `${context.label} failed${said(error, context.apiKey)}`);
}

/** Once a server has given good replies, a strange one is a fault of this one reply. */
function foreign({ label, lastAnswer, speaks }: ReplyContext, what: string): Error {
  if (lastAnswer.atMs !== undefined) return new TryFailure('reply', `${label} sent ${what}`);
  return new ScaleQuestError(
    'ERR_MODEL_PROTOCOL',
    `${label} sent ${what}, expected a reply of ${speaks.protocol}; the url must be ${speaks.base}`,
  );
}

function compressed({ label, apiKey, lastAnswer }: ReplyContext, coding: string): Error {
  const found = `${label} sent a reply that is compressed by ${serverWords(coding, apiKey, 40)}`;
  if (lastAnswer.atMs !== undefined) return new TryFailure('reply', found);
  const advice =
    'nothing but text was asked for, and gzip, deflate and br are read; let the server, or the gateway before it, not compress';
  return new ScaleQuestError('ERR_MODEL_PROTOCOL', `${found}; ${advice}`);
}

/** An error page, which is of a gateway: the servers of models answer in JSON. */
function isPage(reply: HttpReply): boolean {
  return /text\/html/i.test(reply.header('content-type') ?? '') || /^\s*</.test(reply.text);
}

/**
 * Names the model in a message about one row. Such messages go into the table of lost rows, which must be the same whichever
 * replica answered.
 */
export function rowLabel({ model }: Pick<ReplyContext, 'model'>): string {
  return `the server of ${model}`;
}

/** What a status other than 200 means (RFC 9110, 15; OpenAI's error codes). */
export function statusError(reply: HttpReply, context: ReplyContext): Error {
  const { status } = reply;
  return failureOf(status, errorOf(parseReplyJson(reply.text)), reply, context, `answered ${status}`);
}

function failureOf(
  status: number,
  error: ServerError | undefined,
  reply: HttpReply,
  context: ReplyContext,
  what: string,
): Error {
  const { label, model, apiKey, apiKeyEnv, nowMs, speaks } = context;
  const words = said(error, apiKey);
  const answered = `${label} ${what}`;
  const refused = (advice: string): Error =>
    new ScaleQuestError('ERR_MODEL_REFUSED', `${answered}${advice}`, { data: { status } });
  const waitMs = (): number => askedMs(reply, error?.retryAfter, nowMs());

  if (status >= 300 && status < 400) {
    const target = serverWords(reply.header('location') ?? 'another address', apiKey, 300);
    return refused(
      `: it points to ${target}; redirects are not followed, write the final url into the pipeline`,
    );
  }
  const midway = midwayAdvice(status, reply, context);
  if (midway) return refused(midway);
  // What the server says about a key may quote it.
  if (status === 401 || status === 403) {
    return refused(
      apiKeyEnv === undefined
        ? ': it wants a key; name the environment variable that holds it in apiKeyEnv'
        : `: it does not take the key in the environment variable ${apiKeyEnv} for the model "${model}"`,
    );
  }
  if (status === 404) {
    return refused(
      `${words}; check that the server has the model "${model}" (see its /v1/models) and that the url ` +
        `is ${speaks.base}`,
    );
  }
  if (status === 402 || (status >= 400 && error && isSpent(error)))
    return refused(`${words}; the account has no quota left`);
  // 529: what Anthropic answers when it is overloaded.
  if (status === 429 || status === 503 || status === 529)
    return new TryFailure('busy', `${answered}${words}`, { retryAfterMs: waitMs() });
  if (status === 408) return new TryFailure('timeout', answered);
  if (status === 413 || (status >= 400 && error && isTooLong(error)))
    return rowFailure('ROW_PROMPT_TOO_LONG');
  // 424: what TEI answers when its backend fails.
  if (status === 409 || status === 424 || status === 425 || status >= 500)
    return new TryFailure('server', `${answered}${words}`, { retryAfterMs: waitMs() });
  if (status === 400 || status === 422) return rowFailure('ROW_REFUSED');
  if (status >= 200 && status < 300) return new TryFailure('reply', answered);
  const page = isPage(reply) ? ' with a web page' : '';
  return refused(`${page}${words}; the url must be ${speaks.base}`);

  function rowFailure(code: 'ROW_PROMPT_TOO_LONG' | 'ROW_REFUSED'): RowError {
    const advice = code === 'ROW_REFUSED' ? refusalAdvice(error) : TOO_LONG_ADVICE;
    // A prompt is too long for the model, now and later; why else a server refuses it, nobody knows.
    const mayDiffer = code === 'ROW_REFUSED';
    return new RowError(code, `${rowLabel(context)} ${what}${words}${advice}`, {
      data: { status },
      mayDiffer,
    });
  }
}

/** What to do where something on the way answers, and not the server; undefined where the server does. */
function midwayAdvice(status: number, reply: HttpReply, { speaks }: ReplyContext): string | undefined {
  if (status === 407 || status === 511) {
    return (
      ': a proxy on the way wants a login. Requests go straight to the url, without the proxies of the environment: ' +
      'name the server itself, or have the network let its address through'
    );
  }
  if (status !== 403 || !isPage(reply)) return undefined;
  return (
    ' with a web page: a gateway or firewall before the server turns the request away, before the server sees a key. Check the ' +
    `url (it must be ${speaks.base}), and whether this machine’s address is allowed there`
  );
}

const TOO_LONG_ADVICE =
  '; if this happens often, lower tokensMax, give the server a longer context, or drop long rows before';

function refusalAdvice(error: ServerError | undefined): string {
  if (!error) return '';
  return isFiltered(error)
    ? '; a content filter of the service did not let the prompt pass'
    : fieldAdvice(error);
}

/** A field that the server wants by another name, or not at all, has an option. */
function fieldAdvice({ message, param, names }: ServerError): string {
  const words = message.slice(0, 2000);
  if (words.includes('thinking.type.enabled'))
    return (
      '; the model decides itself how long it thinks: leave out thinkingTokensMax and set extra: { thinking: { type: adaptive }, ' +
      'output_config: { effort: low } } beside it'
    );
  const isTokens = param === 'max_tokens' || words.includes('max_tokens');
  if (isTokens && words.includes('max_completion_tokens'))
    return '; set maxTokensField: max_completion_tokens beside its model';
  const isUnwanted =
    UNWANTED.some((pattern) => pattern.test(words)) ||
    names.some((name) => /^unsupported_(?:parameter|value)$/.test(name));
  if (!isUnwanted) return '';
  const field = SAMPLING_FIELDS.find((name) => param === name || isNamed(name, words));
  if (field === undefined) return '';
  return field.endsWith('logprobs')
    ? '; the model gives no probabilities: let the step read the reply instead of choosing'
    : `; set omitFields: [${field}] beside its model`;
}

/** How services say that a model does not take a field. */
const UNWANTED = [
  /(?:un|not |n['’]t |no longer )support|not (?:be )?(?:allowed|permitted|accepted|available)/i,
  /cannot both be (?:specified|set)|un(?:known|recognized|expected)|deprecated|only the default|extra inputs/i,
];

const SAMPLING_FIELDS = ['temperature', 'top_p', 'seed', 'stop', 'stream', 'top_logprobs', 'logprobs', 'n'];

/** Whether words quote the field, or begin with it. */
function isNamed(field: string, words: string): boolean {
  return new RegExp(`[\`'"“‘]${field}[\`'"”’]|^${field}\\b`).test(words);
}

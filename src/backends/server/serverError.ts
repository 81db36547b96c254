import { z } from 'zod';
import { keyRedactor } from '../../text/redactKey.js';
import { printableLine } from '../../text/printable.js';

/** What a server says of a failure, in any of the forms that servers give it. */

const text = z.string().optional().catch(undefined);
const code = z.union([z.string(), z.number()]).optional().catch(undefined);

const errorSchema = z.object({
  ...{ message: text, msg: text, detail: text, error: text, error_msg: text },
  ...{ code, type: text, error_type: text, param: text },
  ...{ status: code, status_code: code, http_status: code, statusCode: code },
  retry_after: code,
  metadata: z.object({ raw: text, retry_after: code }).optional().catch(undefined),
  innererror: z.object({ code }).optional().catch(undefined),
  details: z.object({ error_code: code }).optional().catch(undefined),
});

type Fields = z.output<typeof errorSchema>;

export interface ServerError {
  /** The server's own words, as they came; maybe empty. */
  message: string;
  /** Names of the kind of failure, as `context_length_exceeded`. */
  names: readonly string[];
  /** The request's field that is wrong. */
  param: string | undefined;
  /** The status that the error would have had, where the server says it. */
  status: number | undefined;
  /** Seconds that the server asks us to wait; undefined if it does not say. */
  retryAfter: string | undefined;
}

/**
 * Reads `{ error: { … } }` (OpenAI), `{ error: "…" }`, `[{ error }]` (Gemini), `{ detail: … }` (FastAPI: a text, or a list of
 * places and texts), `{ object: "error", message, code }` (older vLLM), `{ error, error_type }` (TGI, TEI), `{ errors: [ … ] }`.
 * Undefined where a value says nothing of an error.
 */
export function errorOf(value: unknown): ServerError | undefined {
  const outer = Array.isArray(value) ? (value as unknown[])[0] : value;
  if (!isObject(outer)) return undefined;
  const own = fieldsOf(outer);
  const found = [outer['error'], outer['errors'], outer['detail'], outer['fault']].find(isSaid);
  if (found !== undefined) return joined(inner(found), own);
  const isError = outer['object'] === 'error' || outer['type'] === 'error' || own.message !== undefined;
  return isError || own.error_msg !== undefined || own.msg !== undefined ? joined(own, {}) : undefined;
}

/** Gateways write `error: null`, `""` or `{}` beside a good reply. */
function isSaid(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === false || value === 0) return false;
  return typeof value !== 'object' || Object.keys(value).length > 0;
}

function inner(found: unknown): Fields {
  if (typeof found === 'string') return fieldsOf({ message: found });
  if (Array.isArray(found)) return fieldsOf({ message: found.slice(0, ITEMS_MAX).map(itemText).join('; ') });
  if (!isObject(found)) return fieldsOf({ message: String(found) });
  const fields = fieldsOf(found);
  const words = fields.message ?? fields.msg ?? fields.detail ?? fields.error ?? fields.error_msg;
  return { ...fields, message: words ?? jsonText(found) };
}

const ITEMS_MAX = 5;

/** `{ loc: ["body", "n"], msg: "…" }`, as FastAPI names the place of a mistake. */
function itemText(item: unknown): string {
  if (typeof item === 'string') return item;
  if (!isObject(item)) return jsonText(item);
  const { message, msg } = fieldsOf(item);
  const words = message ?? msg;
  if (words === undefined) return jsonText(item);
  const loc = Array.isArray(item['loc']) ? item['loc'].slice(0, ITEMS_MAX).map(placeText).join('.') : '';
  return loc ? `${loc}: ${words}` : words;
}

function placeText(place: unknown): string {
  return typeof place === 'string' || typeof place === 'number' ? `${place}` : '…';
}

/** JSON of what has no words of its own. V8 writes no more than some thousand levels. */
export function jsonText(value: unknown): string {
  try {
    return JSON.stringify(value) ?? 'nothing';
  } catch {
    return 'an error that is nested too deep to be shown';
  }
}

function fieldsOf(value: Record<string, unknown>): Fields {
  const parsed = errorSchema.safeParse(value);
  return parsed.success ? parsed.data : {};
}

/** An inner error, with what stands beside it. */
function joined(own: Fields, beside: Fields): ServerError {
  const all = [own, beside];
  const pick = (key: keyof Fields): unknown => own[key] ?? beside[key];
  const names = all.flatMap((one) => [
    one.code,
    one.type,
    one.error_type,
    one.status,
    one.innererror?.code,
    one.details?.error_code,
  ]);
  const wait = own.retry_after ?? own.metadata?.retry_after ?? beside.retry_after;
  const raw = own.metadata?.raw;
  return {
    message: [own.message ?? own.error_msg ?? own.msg ?? beside.message ?? '', ...(raw ? [raw] : [])].join(
      ': ',
    ),
    names: names.filter((name) => typeof name === 'string').map((name) => name.slice(0, NAME_CHARS_MAX)),
    param: pick('param') as string | undefined,
    status: statusOf(all),
    retryAfter: wait === undefined ? undefined : String(wait),
  };
}

const NAME_CHARS_MAX = 100;

function statusOf(all: readonly Fields[]): number | undefined {
  const said = all.flatMap((one) => [one.status, one.status_code, one.statusCode, one.http_status, one.code]);
  const number = said.map(Number).find((value) => Number.isInteger(value) && value >= 400 && value <= 599);
  if (number !== undefined) return number;
  const names = all.flatMap((one) => [one.code, one.type, one.error_type, one.status]);
  return names.map(statusOfName).find((status) => status !== undefined);
}

/** What the names of failures mean that OpenAI, Anthropic, Google and vLLM write where no number stands. */
const NAMED_STATUS: readonly (readonly [RegExp, number])[] = [
  [/quota/, 402],
  [/rate_?limit|too_?many_?requests|resource_?exhausted|throttl/, 429],
  [/overload|unavailable|engine_?busy|capacity/, 503],
  [/auth|api_?key|unauthori[sz]ed/, 401],
  [/permission|forbidden/, 403],
  [/not_?found/, 404],
  [/time_?out|deadline/, 504],
  [/internal|server_?error|api_?error/, 500],
  [/bad_?request|invalid|unsupported|validation|context_?length/, 400],
];

function statusOfName(name: unknown): number | undefined {
  if (typeof name !== 'string') return undefined;
  const plain = name.slice(0, NAME_CHARS_MAX).toLowerCase();
  return NAMED_STATUS.find(([pattern]) => pattern.test(plain))?.[1];
}

/** Names that OpenAI and llama-cpp-python (code), llama.cpp (type), vLLM (param) and Anthropic give to a prompt that is too long. */
const TOO_LONG_NAME =
  /context_?length|exceed_?context_?size|context_?window|string_above_max_length|input_too_long/i;

/**
 * How servers say it in words: vLLM and OpenAI ("maximum context length"), SGLang ("longer than the model's context length",
 * "exceeds the maximum allowed length"), llama.cpp ("context size"), TGI ("must be <= 2048", "must have less than 512 tokens"),
 * Mistral ("too large for model"), Anthropic ("prompt is too long"), Gemini ("input token count"), Cohere ("too many tokens"),
 * DashScope ("Range of input length"), Moonshot ("model token limit").
 */
const TOO_LONG_WORDS: readonly RegExp[] = [
  /\bcontext[ _-]?(?:length|window|size|limit)|max_?(?:model|seq)_len\b|model token limit/i,
  /\bmax(?:imum)? (?:model|input|prompt|sequence|allowed|allowed input) length/i,
  /\b(?:prompts?|inputs?|messages?|texts?)\b.{0,80}\b(?:too (?:long|large)|longer than|exceeds?|greater than)\b/i,
  /\btokens?\b`?.{0,60}(?:must be <=|must have less than)|must have less than \d+ tokens/i,
  /\btoo many (?:input |prompt )?tokens|\binput tokens? (?:count )?.{0,20}exceed|\brange of input length/i,
  /\breduce the (?:length|size) of (?:the |your )?(?:messages?|prompt|input)/i,
];

const WORDS_READ_CHARS = 2000;

/** Whether the request has more tokens than the model's context. */
export function isTooLong({ names, param, message }: ServerError): boolean {
  if (param === 'input_tokens' || names.some((name) => TOO_LONG_NAME.test(name))) return true;
  const words = message.slice(0, WORDS_READ_CHARS);
  return TOO_LONG_WORDS.some((pattern) => pattern.test(words));
}

/**
 * What OpenAI (`insufficient_quota`, `billing_hard_limit_reached`), Anthropic (`enforced_spend_limit_reached`, `billing_error`), Moonshot,
 * DashScope (`Arrearage`) and DeepSeek name an account that is spent; and Anthropic's words, which come with a status of 400.
 */
const SPENT_NAME = new RegExp(
  [
    'insufficient_(?:user_)?(?:quota|balance|credits?)|exceeded_current_quota|arrearage',
    'spend_?(?:ing_)?limit|billing_(?:hard_limit|not_active|error)',
  ].join('|'),
  'i',
);
const SPENT_WORDS =
  /\bcredit balance is too low\b|\breached your specified (?:workspace )?API usage limits\b|\binsufficient balance\b/i;

/** Whether the account has nothing left: no request will be answered before someone pays or a month ends. */
export function isSpent({ names, message }: ServerError): boolean {
  return names.some((name) => SPENT_NAME.test(name)) || SPENT_WORDS.test(message.slice(0, WORDS_READ_CHARS));
}

const FILTER =
  /content_?(?:filter|policy|moderation)|contentfilter|data_?inspection|moderation|responsibleai|safety_?(?:filter|block)|sensitive/i;

/** Whether a filter of the service refused what was asked (Azure: content_filter, DashScope: data_inspection_failed). */
export function isFiltered({ names, message }: ServerError): boolean {
  if (names.some((name) => FILTER.test(name))) return true;
  return /\bcontent (?:management|filter|policy|moderation)|content_filter/i.test(
    message.slice(0, WORDS_READ_CHARS),
  );
}

/** The server's own words in one line, shortened, harmless for a terminal and without the key; empty if it has none. */
export function said(error: ServerError | undefined, apiKey: string | undefined): string {
  if (!error?.message) return '';
  return `: ${serverWords(error.message, apiKey, 300)}`;
}

/** A text that a server sent, for a message. The key goes first, because shortening could leave a part of it. */
export function serverWords(words: string, apiKey: string | undefined, charsMax: number): string {
  return printableLine(keyRedactor(apiKey)(words), charsMax);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

import { z } from 'zod';
import { RowError, ScaleQuestError } from '../../errors.js';
import { keyRedactor } from '../../text/redactKey.js';
import type { HttpReply } from '../http/httpClient.js';
import type { LastAnswer } from '../http/retryPolicy.js';
import { TryFailure, retryAfterMs } from '../http/tryFailure.js';

/** How messages name a protocol. */
export interface Speaks {
  /** As in "the OpenAI protocol". */
  protocol: string;
  /** What the url must be: "the base of its API, which mostly ends in /v1". */
  base: string;
  /** Its paths stand beside /v1, not under it. The user may write the url with or without /v1. */
  besideV1?: boolean;
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

const errorSchema = z.object({
  message: z.string().optional().catch(undefined),
  code: z.union([z.string(), z.number()]).nullish().catch(undefined),
  type: z.string().nullish().catch(undefined),
  param: z.string().nullish().catch(undefined),
});

type ServerError = z.output<typeof errorSchema>;

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
  const type = reply.header('content-type') ?? '';
  if (/text\/html/i.test(type) || /^\s*</.test(reply.text)) throw foreign(context, 'a web page');
  if (/text\/event-stream/i.test(type)) throw foreign(context, 'a stream of events');
  const value = parseJson(reply.text);
  if (value === undefined) throw new TryFailure('reply', `${label} sent a reply that is not whole JSON`);
  if (isPlain?.(value)) return value;
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  // Some gateways wrap a failure into a status of 200.
  const error = errorOf(value);
  if (error) throw new TryFailure('server', `${label} failed${said(error, context)}`);
  if (lastAnswer.atMs === undefined) {
    throw foreign(context, `JSON without ${parsed.error.issues[0]?.path.join('.') || part}`);
  }
  throw new TryFailure('reply', `${label} sent a reply without ${part} that can be read`);
}

/** Once a server has given good replies, a strange one is a fault of this one reply. */
function foreign({ label, lastAnswer, speaks }: ReplyContext, what: string): Error {
  if (lastAnswer.atMs !== undefined) return new TryFailure('reply', `${label} sent ${what}`);
  return new ScaleQuestError(
    'ERR_MODEL_PROTOCOL',
    `${label} sent ${what}, expected a reply of ${speaks.protocol}; the url must be ${speaks.base}`,
  );
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
  const { label, model, apiKeyEnv, nowMs, speaks } = context;
  const { status } = reply;
  const error = errorOf(parseJson(reply.text));
  const answered = `${label} answered ${status}`;
  const refused = (advice: string): Error =>
    new ScaleQuestError('ERR_MODEL_REFUSED', `${answered}${advice}`, { data: { status } });

  const refusedRow = (): string => `${rowLabel(context)} answered ${status}${said(error, context)}`;

  if (status >= 300 && status < 400) {
    const target = reply.header('location');
    return refused(
      `: it points to ${target ?? 'another address'}; redirects are not followed, write the final url into the pipeline`,
    );
  }
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
      `${said(error, context)}; check that the server has the model "${model}" (see its /v1/models) and that the url ` +
        `is ${speaks.base}`,
    );
  }
  if (error?.code === 'insufficient_quota') return refused(': the account has no quota left');
  if (status === 429 || status === 503) {
    return new TryFailure('busy', `${answered}${said(error, context)}`, {
      retryAfterMs: retryAfterMs(reply.header('retry-after'), nowMs()),
    });
  }
  if (status === 408) return new TryFailure('timeout', answered);
  // 424: what TEI answers when its backend fails.
  if (status === 409 || status === 424 || status === 425 || status >= 500) {
    return new TryFailure('server', `${answered}${said(error, context)}`, {
      retryAfterMs: retryAfterMs(reply.header('retry-after'), nowMs()),
    });
  }
  if (status === 413 || (error && isTooLong(error))) {
    return new RowError('ROW_PROMPT_TOO_LONG', refusedRow(), { data: { status } });
  }
  if (status === 400 || status === 422) {
    return new RowError('ROW_REFUSED', refusedRow(), { data: { status } });
  }
  if (status >= 200 && status < 300) return new TryFailure('reply', answered);
  return refused(`${said(error, context)}; the url must be ${speaks.base}`);
}

/** OpenAI and llama-cpp-python (code), llama.cpp (type), vLLM (param). */
function isTooLong({ code, type, param }: ServerError): boolean {
  return (
    code === 'context_length_exceeded' || type === 'exceed_context_size_error' || param === 'input_tokens'
  );
}

/** `{ error: { … } }` (OpenAI), `{ error: "…" }`, `{ detail: … }` (FastAPI) or the fields at the top (older vLLM). */
function errorOf(value: unknown): ServerError | undefined {
  if (value === null || typeof value !== 'object') return undefined;
  const { error, detail, message } = value as Record<string, unknown>;
  const found = error ?? detail ?? (message === undefined ? undefined : value);
  if (found === undefined) return undefined;
  if (typeof found === 'string') return { message: found };
  const parsed = errorSchema.safeParse(found);
  return parsed.success ? parsed.data : { message: JSON.stringify(found) };
}

/** The server's own words, shortened and without the key. */
function said(error: ServerError | undefined, { apiKey }: ReplyContext): string {
  if (!error?.message) return '';
  // The key goes before the text is shortened, because that could leave a part of the key.
  const line = keyRedactor(apiKey)(error.message).replace(/\s+/g, ' ').trim();
  return `: ${line.length > 300 ? `${line.slice(0, 300)}…` : line}`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return parsePythonJson(text);
  }
}

/** Python's json writes NaN and Infinity as they are, which JSON does not know: they become null. */
function parsePythonJson(text: string): unknown {
  const plain = text.replace(/"(?:[^"\\]|\\.)*"|-?\b(?:NaN|Infinity)\b/g, (found) =>
    found.startsWith('"') ? found : 'null',
  );
  try {
    return plain === text ? undefined : JSON.parse(plain);
  } catch {
    return undefined;
  }
}

import { z } from 'zod';
import { type RowError, ScaleQuestError, allOfRow } from '../../errors.js';
import type {
  CallRecord,
  Choice,
  ChooseRequest,
  CompleteRequest,
  Message,
  Model,
  ReplyStream,
} from '../model.js';
import type { SchemaHold } from '../heldSchema.js';
import { withoutLoosePatterns } from '../loosePatterns.js';
import type { OpenedModel, Protocol } from '../protocol.js';
import { type Completion, OPENAI_SPEAKS, optionProbabilities, readReply } from './readOpenaiReply.js';
import { listenTo, wholeReply } from './streamedReply.js';
import { loadServerClient } from '../server/loadServerClient.js';
import { emptyFault } from '../server/emptyReply.js';
import {
  THINKING_SERVERS,
  type ThinkingServer,
  checkThinkingBudget,
  thinkingFields,
} from './thinkingBudget.js';
import { HARMLESS } from '../server/refusalGuard.js';
import type { ReadReply, ServerClient, ServerDeps } from '../server/serverClient.js';
import {
  listedOptions,
  checkServers,
  describeServed,
  extraOption,
  loadOptions,
} from '../server/serverOptions.js';
import {
  type Template,
  type TemplateConfig,
  promptTemplate,
  resolveTemplate,
} from '../templates/template.js';

/** Fields of a request that the framework sets; `extra` may not. */
const OWN_FIELDS = [
  ...['model', 'prompt', 'messages', 'n', 'best_of', 'max_tokens', 'max_completion_tokens', 'temperature'],
  ...['top_p', 'seed', 'stop', 'stream', 'echo', 'logprobs', 'top_logprobs'],
  ...['stop_token_ids', 'chat_template_kwargs', 'response_format', 'json_schema'],
];

/** Fields of a request that a user may leave out: models that choose their words themselves refuse them. */
const OMITTED_FIELDS = ['n', 'temperature', 'top_p', 'seed', 'stop', 'stream'] as const;

/** The same for live requests and for files of them. */
export const DIALOGUE_ABILITIES = {
  preQuery: 'with `protocol: completions`',
  complete: '',
  choose: '',
  boundThought: 'with `thinkingBudget`',
};

/** What is asked, and how it is written: the same for live requests and for files of them. */
export const dialogueOptions = {
  protocol: z
    .enum(['completions', 'chat'])
    .default('completions')
    .describe(
      '`completions` sends raw prompts by `template`, which `generate` needs; `chat` sends messages and leaves the ' +
        'template to the server.',
    ),
  choicesPerRequestMax: z
    .int()
    .min(1)
    .default(128)
    .describe('Most choices asked of one request; 1 for a server that ignores `n`.'),
  stopTokenIds: z
    .array(z.int().min(0))
    .min(1)
    .optional()
    .describe(
      'Tokens that end a completion, beside the template’s stop strings (vLLM, SGLang), as [151645, 151643]. A server that ' +
        'leaves special tokens out of the text sees no stop string in them.',
    ),
  chatTemplateKwargs: z
    .record(z.string(), z.json())
    .optional()
    .describe(
      'With `chat`: values for the server’s chat template (vLLM, SGLang), as { enable_thinking: false }.',
    ),
  jsonSchema: z
    .record(z.string(), z.json())
    .optional()
    .describe(
      'JSON Schema that each reply must follow, where the server can hold it to that (OpenAI’s `response_format`); for a ' +
        'step of your own that reads JSON. Probabilities of given replies are asked without it.',
    ),
  schemas: z
    .enum(['response_format', 'json_schema', 'none'])
    .default('response_format')
    .describe(
      'The field that holds the JSON Schema of a reply, for steps that want one (`prompt` with `json`, judges). llama.cpp’s server ' +
        'reads `json_schema` with `completions`, and else `response_format`, as vLLM, SGLang and OpenAI do. `none` for servers that ' +
        'refuse it, and for models that think in their text before they answer: replies are then checked here alone.',
    ),
  maxTokensField: z
    .enum(['max_tokens', 'max_completion_tokens'])
    .default('max_tokens')
    .describe(
      'The name under which a request says how long its reply may be. Newer models of hosted services refuse `max_tokens` and ' +
        'take `max_completion_tokens`, in which they count their reasoning too.',
    ),
  omitFields: z
    .array(z.enum(OMITTED_FIELDS))
    .refine((fields) => new Set(fields).size === fields.length, 'expected each field once')
    .default([])
    .describe(
      'Fields that are left out of each request, for models that refuse them, as [temperature, top_p, seed]. The model then ' +
        'decides itself: steps that set them have no say. Without `n` set choicesPerRequestMax: 1.',
    ),
  thinkingBudget: z
    .enum(THINKING_SERVERS)
    .optional()
    .describe(
      'Whose servers they are, where they end a thought after a number of tokens, for steps with `thinkingTokensMax`. `vllm` ' +
        'needs --reasoning-parser; `sglang` needs --enable-strict-thinking, and ignores the number without it; `llamaCpp` none, but ' +
        'versions whose --reasoning-budget is set ignore the number; `openRouter` leaves it to the model’s provider. All but `vllm` ' +
        'need `chat`.',
    ),
  extra: extraOption(
    OWN_FIELDS,
    'More fields for the body of each request, as { top_k: 20 }; { add_special_tokens: false } for vLLM with a ' +
      'template that begins with its own begin-of-sequence marker (deepseek-math).',
  ),
};

const openaiOptions = z
  .strictObject({ ...listedOptions('/completions'), ...dialogueOptions, ...loadOptions })
  .superRefine(checkServers)
  .superRefine(checkDialogue);

/** A refinement: a raw prompt passes no template of the server's, and a server that is not told of n gives one choice. */
export function checkDialogue(
  {
    protocol,
    chatTemplateKwargs,
    omitFields = [],
    choicesPerRequestMax,
    thinkingBudget,
    extra,
  }: Pick<
    Dialogue,
    'protocol' | 'chatTemplateKwargs' | 'omitFields' | 'choicesPerRequestMax' | 'thinkingBudget' | 'extra'
  >,
  context: z.RefinementCtx,
): void {
  if (omitFields.includes('n') && choicesPerRequestMax !== 1) {
    const message = 'expected choicesPerRequestMax: 1 with it; a request without `n` gives one choice';
    context.addIssue({ code: 'custom', path: ['omitFields'], message });
  }
  checkThinkingBudget({ protocol, thinkingBudget, extra }, context);
  if (protocol === 'chat' || chatTemplateKwargs === undefined) return;
  const message = 'expected protocol: chat with it; a raw prompt is made by `template`, not by the server';
  context.addIssue({ code: 'custom', path: ['chatTemplateKwargs'], message });
}

type OpenaiOptions = z.output<typeof openaiOptions>;

/** A server that speaks OpenAI's /completions or /chat/completions (vLLM, SGLang, llama.cpp, OpenAI …). */
export const openai = {
  options: openaiOptions,
  template: promptTemplate,
  abilities: DIALOGUE_ABILITIES,
  describe: (options) => ({
    ...describeServed(options),
    can: canOf(options),
    holds: dialogueHold(options),
    rawPrompts: options.protocol === 'completions' ? { extra: options.extra } : null,
    identity: { openai: dialogueIdentity(options) },
  }),
  open: openOpenai,
} satisfies Protocol<typeof openaiOptions, typeof promptTemplate>;

/** What decides the replies. */
export function dialogueIdentity(dialogue: Dialogue): object {
  const { model, protocol, extra, choicesPerRequestMax, stopTokenIds, chatTemplateKwargs, jsonSchema } =
    dialogue;
  const { maxTokensField, omitFields = [], thinkingBudget, schemas } = dialogue;
  return {
    ...{ model, protocol, extra, choicesPerRequestMax, stopTokenIds, chatTemplateKwargs, jsonSchema },
    // Absent where they are as ever, so that replies of a store without them are found again.
    ...(maxTokensField === 'max_completion_tokens' && { maxTokensField }),
    ...(omitFields.length > 0 && { omitFields: omitFields.toSorted() }),
    ...(thinkingBudget && { thinkingBudget }),
    ...(schemas !== 'response_format' && { schemas }),
  };
}

/** The server is told each schema whole; what it makes of it is its own affair. */
export function dialogueHold({ schemas }: Pick<Dialogue, 'schemas'>): () => SchemaHold {
  return () => (schemas === 'none' ? { why: '`schemas: none`' } : { how: `sent as ${schemas}`, but: [] });
}

export function canOf({
  protocol,
  thinkingBudget,
}: Pick<Dialogue, 'protocol' | 'thinkingBudget'>): Model['can'] {
  return {
    ...{ preQuery: protocol === 'completions', choose: true, score: false, embed: false },
    ...(thinkingBudget && { boundThought: true }),
  };
}

/** What one request asks for. */
interface Asked {
  message: Message;
  n: number;
  tokensMax: number;
  temperature: number;
  topP: number;
  jsonSchema?: Readonly<Record<string, unknown>> | undefined;
  thinkingTokensMax?: number | undefined;
  seed: number | undefined;
  /** How many of the likeliest first tokens to report; 0 for none. */
  top: number;
  step: string | undefined;
  record: CallRecord | undefined;
  /** Looks on; undefined in a run. */
  stream?: ReplyStream | undefined;
}

/** Most servers report no more (vLLM's --max-logprobs, OpenAI's chat). */
const TOP_TOKENS = 20;

/** Temperature 1 and top-p 1: the model's own distribution, also where a server reports it after sampling. */
const CHOICE = { n: 1, tokensMax: 1, temperature: 1, topP: 1, seed: undefined, top: TOP_TOKENS };

/** Which model is asked, and in which form. */
export interface Dialogue {
  model: string;
  protocol: 'completions' | 'chat';
  choicesPerRequestMax: number;
  stopTokenIds?: number[] | undefined;
  chatTemplateKwargs?: Record<string, unknown> | undefined;
  jsonSchema?: Record<string, unknown> | undefined;
  schemas: 'response_format' | 'json_schema' | 'none';
  /** `max_tokens` if absent. */
  maxTokensField?: 'max_tokens' | 'max_completion_tokens' | undefined;
  omitFields?: readonly OmittedField[] | undefined;
  thinkingBudget?: ThinkingServer | undefined;
  extra: Record<string, unknown>;
}

type OmittedField = (typeof OMITTED_FIELDS)[number];

/** Sends nothing yet. Rejects with ERR_MODEL_LOAD if the key's variable is not set. */
async function openOpenai(
  name: string,
  options: OpenaiOptions,
  templateConfig: TemplateConfig,
  deps: ServerDeps,
): Promise<OpenedModel> {
  const template = resolveTemplate(templateConfig);
  const { createServerClient } = await loadServerClient();
  const client = await createServerClient(name, options, OPENAI_SPEAKS, deps);
  return createDialogueModel(name, options, template, client);
}

/**
 * A model over a client that carries its requests, one by one or in files. Over chat the server has its own template; `given` then
 * only says what in a row's text would act in it.
 */
export function createDialogueModel(
  name: string,
  options: Dialogue,
  given: Template,
  client: ServerClient,
): OpenedModel {
  const { label } = client;
  const template = options.protocol === 'chat' ? undefined : given;
  const path = template ? '/completions' : '/chat/completions';
  const stop = template?.stop ?? [];

  function send(seq: number, asked: Asked): Promise<Completion> {
    const { n, tokensMax, message, step, record, stream } = asked;
    if (!template && isBareUser(message)) return Promise.reject(noPreQuery(label));
    // The body is written when it is sent, so a waiting call holds no prompt.
    const bodyOf = (what: Asked): object =>
      template ? promptBody(options, template, what) : chatBody(options, what);
    const body = { toJSON: () => bodyOf(asked) };
    const read: ReadReply<Completion> = (reply, context) =>
      readReply(stream ? wholeReply(reply) : reply, { n, tokensMax, stop }, context);
    return client.send(seq, path, body, read, {
      ...{ sequences: n, tokensMax: n * tokensMax, step, record },
      listen: stream && listenTo(stream, stop),
      control: () => ({
        path,
        body: bodyOf(harmless(asked, 1)),
        bodyAgain: (attempt) => bodyOf(harmless(asked, 1 + attempt)),
      }),
      emptyFault: asked.top > 0 ? undefined : emptyCompletion,
    });
  }

  function complete(request: CompleteRequest): Promise<Choice[]> {
    const { n, temperature } = request;
    // Greedy choices are all alike, and vLLM refuses to make more than one.
    const distinct = temperature === 0 ? 1 : n;
    // The usual case skips what only the others need: with a thousand calls in flight that counts.
    const isOneRequest = distinct === n && n <= options.choicesPerRequestMax;
    return isOneRequest ? sendPart(request, n, 0).then(choicesOf) : completeInParts(request, distinct);
  }

  async function completeInParts(request: CompleteRequest, distinct: number): Promise<Choice[]> {
    const sizes = splitChoices(distinct, options.choicesPerRequestMax);
    const replies = await allOfRow(sizes.map((size, part) => sendPart(request, size, part)));
    const choices = replies.flatMap(choicesOf);
    return Array.from({ length: request.n }, (_, at) => ({ ...choices[at % distinct]! }));
  }

  function sendPart(request: CompleteRequest, size: number, part: number): Promise<Completion> {
    return send(request.seq, askedOf(options, request, size, part));
  }

  async function choose({ seq, message, options: replies, step, record }: ChooseRequest): Promise<number[]> {
    const { topTokens } = await send(seq, { ...CHOICE, message, step, record });
    if (topTokens) return optionProbabilities(replies, topTokens);
    throw new ScaleQuestError(
      'ERR_MODEL_PROTOCOL',
      `${label} gave no log-probabilities; use a server that does, or a step option that reads the reply instead`,
    );
  }

  return {
    ...{ label, name, can: canOf(options), markers: given.markers },
    ...{ promptWrapper: template?.promptWrapper, promptText: template?.promptText },
    ...{ complete, choose, stats: client.stats, close: client.close },
  };
}

/** Whether the model writes a message of the user, from nothing but its opening. */
function isBareUser(message: Message): boolean {
  return message.kind === 'preQuery' || (message.kind === 'chat' && message.next === 'user');
}

/** A part of a request, of `size` choices. */
function askedOf(dialogue: Dialogue, request: CompleteRequest, size: number, part: number): Asked {
  const { message, tokensMax, temperature, topP, thinkingTokensMax, jsonSchema, step, record } = request;
  const seed = partSeed(request.seed, part);
  const sampling = { n: size, tokensMax, temperature, topP, thinkingTokensMax, jsonSchema, seed };
  return { message, ...sampling, top: 0, step, record, stream: streamOf(request, dialogue) };
}

/** Several choices at once could not be told apart. */
function streamOf({ n, stream }: CompleteRequest, { omitFields = [] }: Dialogue): ReplyStream | undefined {
  return n === 1 && !omitFields.includes('stream') ? stream : undefined;
}

/** The same with a question that nobody refuses, to which nobody listens; a bare opening stays as it is. */
function harmless({ message, seed, stream: _, ...asked }: Asked, ownSeed: number): Asked {
  return {
    ...asked,
    message: message.kind === 'preQuery' ? message : { kind: 'user', text: HARMLESS.user },
    seed: seed === undefined ? undefined : ownSeed,
  };
}

function emptyCompletion({ choices }: Completion): RowError | undefined {
  return emptyFault(choices);
}

function choicesOf({ choices }: Completion): Choice[] {
  return choices;
}

/** Else a streamed reply does not say what it took. */
const USAGE_TOO = { include_usage: true };

/**
 * Fields that are undefined are not sent. The body is one literal: if it were copied from parts, V8 would give each body a
 * shape of its own, which costs more than writing it and lasts until the next full collection.
 * A request for probabilities carries no JSON schema: the first token must be free.
 */
function promptBody(dialogue: Dialogue, { stop, promptText }: Template, asked: Asked): object {
  const { model, stopTokenIds, maxTokensField, schemas } = dialogue;
  const { message, n, tokensMax, temperature, topP, seed, top, stream } = asked;
  return withExtra(dialogue, asked, {
    model,
    stream: stream !== undefined,
    stream_options: stream && USAGE_TOO,
    stop_token_ids: stopTokenIds,
    stop,
    prompt: promptText(message),
    n,
    max_tokens: maxTokensField === 'max_completion_tokens' ? undefined : tokensMax,
    max_completion_tokens: maxTokensField === 'max_completion_tokens' ? tokensMax : undefined,
    temperature,
    top_p: topP,
    seed,
    logprobs: top > 0 ? top : undefined,
    response_format: formatOf(dialogue, asked),
    json_schema: schemas === 'json_schema' ? schemaOf(dialogue, asked) : undefined,
  });
}

function chatBody(dialogue: Dialogue, asked: Asked): object {
  const { model, stopTokenIds, chatTemplateKwargs, maxTokensField, schemas } = dialogue;
  const { message, n, tokensMax, temperature, topP, seed, top, stream } = asked;
  const messages = message.kind === 'chat' ? message.turns : [{ role: 'user', content: textOf(message) }];
  return withExtra(dialogue, asked, {
    model,
    stream: stream !== undefined,
    stream_options: stream && USAGE_TOO,
    stop_token_ids: stopTokenIds,
    chat_template_kwargs: chatTemplateKwargs,
    messages,
    n,
    max_tokens: maxTokensField === 'max_completion_tokens' ? undefined : tokensMax,
    max_completion_tokens: maxTokensField === 'max_completion_tokens' ? tokensMax : undefined,
    temperature,
    top_p: topP,
    seed,
    logprobs: top > 0 ? true : undefined,
    top_logprobs: top > 0 ? top : undefined,
    response_format: formatOf(dialogue, asked),
    json_schema: schemas === 'json_schema' ? schemaOf(dialogue, asked) : undefined,
  });
}

/** `extra` cannot overwrite a field of the body: see OWN_FIELDS. What is undefined is not sent. */
function withExtra(
  { extra, omitFields = [], thinkingBudget }: Dialogue,
  { thinkingTokensMax }: Asked,
  body: Record<string, unknown>,
): object {
  for (const field of omitFields) body[field] = undefined;
  if (thinkingBudget && thinkingTokensMax !== undefined) {
    Object.assign(body, thinkingFields(thinkingBudget, thinkingTokensMax));
  }
  return Object.assign(body, extra);
}

/** The schema of the step, or else of the model. */
function schemaOf({ jsonSchema }: Dialogue, { jsonSchema: own, top }: Asked): Asked['jsonSchema'] {
  const schema = own ?? jsonSchema;
  return top > 0 || !schema ? undefined : withoutLoosePatterns(schema);
}

function formatOf(dialogue: Dialogue, asked: Asked): object | undefined {
  const schema = dialogue.schemas === 'response_format' ? schemaOf(dialogue, asked) : undefined;
  if (!schema) return undefined;
  return {
    type: 'json_schema',
    json_schema: { name: 'reply', schema, strict: !asked.jsonSchema || isStrict(schema) },
  };
}

/** What OpenAI calls strict: no object may have more properties, or fewer. A strict request with another schema would be refused. */
function isStrict(part: unknown): boolean {
  if (part === null || typeof part !== 'object') return true;
  const { type, properties, required, additionalProperties } = part as Record<string, unknown>;
  if (type === 'object' && properties !== null && typeof properties === 'object') {
    const needed = Array.isArray(required) ? required : [];
    if (additionalProperties !== false || needed.length < Object.keys(properties).length) return false;
  }
  return Object.values(part).every(isStrict);
}

function textOf(message: Message): string {
  return message.kind === 'user' ? message.text : '';
}

function noPreQuery(label: string): ScaleQuestError {
  return new ScaleQuestError(
    'ERR_PIPELINE_MODEL',
    `${label} cannot be given a bare user message over chat; use protocol: completions`,
  );
}

/** 5 choices, 2 a request: [2, 2, 1]. */
function splitChoices(n: number, sizeMax: number): number[] {
  return Array.from({ length: Math.ceil(n / sizeMax) }, (_, at) => Math.min(sizeMax, n - at * sizeMax));
}

/** Keeps 31 bits: some servers read 2^32-1 as "any seed", others take no more than an int32. */
function partSeed(seed: number, index: number): number {
  return (seed + Math.imul(index, 0x9e3779b9)) & 0x7fffffff;
}

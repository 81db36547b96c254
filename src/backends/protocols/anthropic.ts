import { z } from 'zod';
import { ScaleQuestError, allOfRow } from '../../errors.js';
import type { Choice, CompleteRequest, Message, Model } from '../model.js';
import type { SchemaHold } from '../heldSchema.js';
import type { OpenedModel, Protocol } from '../protocol.js';
import { loadServerClient } from '../server/loadServerClient.js';
import { emptyFault } from '../server/emptyReply.js';
import { HARMLESS } from '../server/refusalGuard.js';
import type { ServerClient, ServerDeps } from '../server/serverClient.js';
import {
  listedOptions,
  checkServers,
  describeServed,
  extraOption,
  loadOptions,
} from '../server/serverOptions.js';
import { messagesSchema } from './messagesSchema.js';
import { ANTHROPIC_SPEAKS, readAnthropicReply } from './readAnthropicReply.js';

/** Fields of a request that the framework sets; `extra` may not. */
const OWN_FIELDS = [
  ...['model', 'messages', 'system', 'max_tokens', 'temperature', 'top_p', 'stream', 'stop_sequences'],
];

/** What is asked, and how it is written: the same for live requests and for batches of them. */
export const messagesOptions = {
  system: z
    .string()
    .min(1)
    .optional()
    .describe('The system prompt of each request; it stands apart from the messages.'),
  prefill: z
    .string()
    .min(1)
    .refine((text) => text === text.trimEnd(), 'expected no space at the end: the service refuses it')
    .optional()
    .describe(
      'How each reply begins: the model goes on from there, and the reply holds it. Not all models take one.',
    ),
  schemas: z
    .enum(['output_config', 'none'])
    .default('output_config')
    .describe(
      'The field that holds the JSON Schema of a reply, for steps that want one (`prompt` with `json`, judges). Models before Claude 4.5 ' +
        'refuse it: `none` leaves it out, and replies are then checked here alone, as with `prefill`.',
    ),
  omitFields: z
    .array(z.enum(['temperature', 'top_p']))
    .refine((fields) => new Set(fields).size === fields.length, 'expected each field once')
    .default([])
    .describe(
      'Fields that are left out of each request, for models that refuse them, as [temperature, top_p]. The model then ' +
        'decides itself: steps that set them have no say. `top_p` is sent below 1 alone.',
    ),
  extra: extraOption(
    OWN_FIELDS,
    'More fields for the body of each request, as { thinking: { type: adaptive }, output_config: { effort: low } } of models ' +
      'that decide themselves how long they think; a thought counts towards the step’s tokensMax.',
  ),
};

const anthropicOptions = z
  .strictObject({ ...listedOptions('/messages'), ...messagesOptions, ...loadOptions })
  .superRefine(checkServers);

type AnthropicOptions = z.output<typeof anthropicOptions>;

/** Which model is asked, and in which form. */
export type Messages = { model: string } & z.output<z.ZodObject<typeof messagesOptions>>;

/** The same for live requests and for batches of them. */
export const MESSAGES_ABILITIES = { complete: '', boundThought: '' };

/** A service that speaks Anthropic's Messages API (/v1/messages, version 2023-06-01). It gives no log-probabilities. */
export const anthropic = {
  options: anthropicOptions,
  template: null,
  abilities: MESSAGES_ABILITIES,
  describe: (options) => ({
    ...describeServed(options),
    can: CAN,
    holds: messagesHold(options),
    identity: { anthropic: messagesIdentity(options) },
  }),
  open: openAnthropic,
} satisfies Protocol<typeof anthropicOptions, null>;

/** What decides the replies. */
export function messagesIdentity({ model, system, prefill, schemas, omitFields, extra }: Messages): object {
  return {
    ...{ model, system, prefill, omitFields: omitFields.toSorted(), extra },
    ...(schemas === 'none' && { schemas }),
  };
}

/** How replies are held to a schema. The service takes none with a reply that is begun. */
export function messagesHold({
  schemas,
  prefill,
}: Messages): (schema: Readonly<Record<string, unknown>>) => SchemaHold {
  return (schema) => {
    if (schemas === 'none') return { why: '`schemas: none`' };
    if (prefill !== undefined) return { why: '`prefill` begins each reply' };
    const held = messagesSchema(schema);
    return 'why' in held ? held : { how: 'sent as output_config.format', but: held.but };
  };
}

export const CAN: Model['can'] = {
  ...{ preQuery: false, choose: false, score: false, embed: false, boundThought: true },
};

const PATH = '/v1/messages';

/** Sends nothing yet. Rejects with ERR_MODEL_LOAD if the key's variable is not set. */
async function openAnthropic(
  name: string,
  options: AnthropicOptions,
  _template: undefined,
  deps: ServerDeps,
): Promise<OpenedModel> {
  const { createServerClient } = await loadServerClient();
  return createMessagesModel(name, options, await createServerClient(name, options, ANTHROPIC_SPEAKS, deps));
}

/** A model over a client that carries its requests, one by one or in batches. */
export function createMessagesModel(name: string, options: Messages, client: ServerClient): OpenedModel {
  const { label } = client;
  const complete = (request: CompleteRequest): Promise<Choice[]> => completeEach(client, options, request);
  return { ...{ label, name, can: CAN, complete }, stats: client.stats, close: client.close };
}

/** A request has one reply: n of them are n requests. Greedy ones would be all alike. */
async function completeEach(
  client: ServerClient,
  options: Messages,
  request: CompleteRequest,
): Promise<Choice[]> {
  const { seq, message, n, tokensMax, temperature, step, record } = request;
  if (message.kind === 'preQuery' || (message.kind === 'chat' && message.next === 'user')) {
    throw noPreQuery(client.label);
  }
  const distinct = temperature === 0 ? 1 : n;
  const asked = { tokensMax, prefill: options.prefill ?? '' };
  const one = (): Promise<Choice> =>
    client
      .send(
        seq,
        PATH,
        { toJSON: () => bodyOf(options, request, message) },
        (reply, context) => readAnthropicReply(reply, asked, context),
        {
          ...{ tokensMax, step, record },
          control: () => ({
            path: PATH,
            body: bodyOf(options, request, { kind: 'user', text: HARMLESS.user }),
          }),
          emptyFault: ({ choice }: { choice: Choice }) =>
            emptyFault([{ ...choice, text: choice.text.slice(asked.prefill.length) }]),
        },
      )
      .then(({ choice }) => choice);
  const choices = await allOfRow(Array.from({ length: distinct }, one));
  return Array.from({ length: n }, (_, at) => ({ ...choices[at % distinct]! }));
}

/** What is undefined is not sent. */
function bodyOf(
  { model, system, prefill, schemas, omitFields, extra }: Messages,
  { tokensMax, temperature, topP, thinkingTokensMax, jsonSchema }: CompleteRequest,
  message: Exclude<Message, { kind: 'preQuery' }>,
): object {
  const turns = message.kind === 'user' ? [{ role: 'user', content: message.text }] : message.turns;
  // The system prompt stands apart from the messages.
  const told = turns.filter(({ role }) => role === 'system').map(({ content }) => content);
  const begun = prefill === undefined ? [] : [{ role: 'assistant', content: prefill }];
  const schema = schemas === 'none' || prefill !== undefined ? undefined : jsonSchema;
  const thinking = { type: 'enabled', budget_tokens: thinkingTokensMax };
  return {
    ...extra,
    ...(thinkingTokensMax !== undefined && { thinking }),
    ...{ model, system: told.length > 0 ? told.join('\n\n') : system, stream: false },
    max_tokens: tokensMax,
    // With a thought the service takes no temperature of ours.
    temperature:
      thinkingTokensMax !== undefined || asksToThink(extra) || omitFields.includes('temperature')
        ? undefined
        : temperature,
    // Some models take one of the two alone; at 1 it says nothing.
    top_p: omitFields.includes('top_p') || topP === 1 ? undefined : topP,
    output_config: outputConfig(extra['output_config'], schema),
    messages: [...turns.filter(({ role }) => role !== 'system'), ...begun],
  };
}

/** `thinking: { type: adaptive }` among the fields of one's own. */
function asksToThink(extra: Messages['extra']): boolean {
  const { type } = (extra['thinking'] ?? {}) as { type?: unknown };
  return type !== undefined && type !== 'disabled';
}

/** Beside what the user's own fields say, as how much effort a reply is worth. */
function outputConfig(own: unknown, schema: CompleteRequest['jsonSchema']): unknown {
  const held = schema && messagesSchema(schema);
  if (!held || 'why' in held) return own;
  return { ...(own as object | undefined), format: { type: 'json_schema', schema: held.schema } };
}

function noPreQuery(label: string): ScaleQuestError {
  return new ScaleQuestError(
    'ERR_PIPELINE_MODEL',
    `${label} cannot be given a bare user message; use a model with protocol: completions`,
  );
}

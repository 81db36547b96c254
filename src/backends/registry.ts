import { z } from 'zod';
import { llamaCpp } from './llamaCpp/llamaCpp.js';
import { type Billing, type BillingInput, billing } from './price.js';
import type { ModelAbility, Protocol, ProtocolDescription } from './protocol.js';
import { anthropic } from './protocols/anthropic.js';
import { anthropicBatch } from './protocols/anthropicBatch.js';
import { classify } from './protocols/classify.js';
import { embeddings } from './protocols/embeddings.js';
import { openai } from './protocols/openai.js';
import { openaiBatch } from './protocols/openaiBatch.js';
import { pooling } from './protocols/pooling.js';
import { scorePair } from './protocols/scorePair.js';
import { tei } from './protocols/tei.js';
import { bubblewrap } from './sandbox/bubblewrap.js';
import { sandboxFusion } from './sandbox/sandboxFusion.js';
import { tokenizerOf } from './templates/template.js';

/**
 * Every protocol of models, by the key that names it in a pipeline file. A new protocol is one file and one line here.
 * Everything else follows from this record: the schema of models, docs/pipeline.md, the JSON Schema, and what messages list.
 */
export const PROTOCOLS = {
  llamaCpp,
  openai,
  openaiBatch,
  anthropic,
  anthropicBatch,
  pooling,
  classify,
  scorePair,
  tei,
  embeddings,
  bubblewrap,
  sandboxFusion,
} satisfies Record<string, Protocol>;

export type ProtocolName = keyof typeof PROTOCOLS;

type SchemaOf<Name extends ProtocolName> = (typeof PROTOCOLS)[Name]['options'];
type TemplateOf<Name extends ProtocolName> = (typeof PROTOCOLS)[Name]['template'];

type ConfigOf<Name extends ProtocolName> = {
  [Key in Name]: z.output<SchemaOf<Name>>;
} & (TemplateOf<Name> extends z.ZodType ? { template: z.output<TemplateOf<Name>> } : unknown) &
  Billing;

type InputOf<Name extends ProtocolName> = {
  [Key in Name]: z.input<SchemaOf<Name>>;
} & (TemplateOf<Name> extends z.ZodType ? { template?: z.input<TemplateOf<Name>> } : unknown) &
  BillingInput;

/** An entry of `models` in a pipeline file, parsed: the options under the protocol's name, and its template. */
export type ModelConfig = { [Name in ProtocolName]: ConfigOf<Name> }[ProtocolName];

/** An entry of `models` as a user writes it. */
export type ModelInput = { [Name in ProtocolName]: InputOf<Name> }[ProtocolName];

export const PROTOCOL_NAMES = Object.keys(PROTOCOLS) as ProtocolName[];

/** The schema of an entry of `models`, by its protocol. */
export const modelSchemas = Object.fromEntries(
  PROTOCOL_NAMES.map((name) => {
    const { options, template } = PROTOCOLS[name];
    return [name, z.strictObject({ [name]: options, ...(template && { template }), ...billing })];
  }),
) as unknown as { [Name in ProtocolName]: z.ZodType<ConfigOf<Name>, InputOf<Name>> };

export const modelSchema = z.union(Object.values(modelSchemas)) as unknown as z.ZodType<
  ModelConfig,
  ModelInput
>;

/** An entry of `models`, taken apart. */
export interface ProtocolUse {
  name: ProtocolName;
  protocol: Protocol;
  options: object;
  template: unknown;
  billing: Billing;
}

export function protocolOf(config: ModelConfig): ProtocolUse {
  const name = PROTOCOL_NAMES.find((key) => Object.hasOwn(config, key))!;
  const entries = config as unknown as Record<string, object>;
  // The record's entries differ in their types; a parsed config holds the types of its own protocol.
  return {
    name,
    protocol: PROTOCOLS[name] as Protocol,
    options: entries[name]!,
    template: entries['template'],
    billing: { price: config.price, gpus: config.gpus },
  };
}

/** What can be said of a model without opening it. */
export function describeModel(config: ModelConfig): ProtocolDescription {
  const { protocol, options, template } = protocolOf(config);
  const described = protocol.describe(options, template);
  if (!protocol.template) return described;
  const path = tokenizerOf(template);
  const files = path === undefined ? [] : [{ path, key: ['template', 'tokenizer'] }];
  return {
    ...described,
    identity: { ...described.identity, template },
    files: [...described.files, ...files],
  };
}

/** Whether models of the protocol write texts, for which services count tokens apart. */
export function writesTexts({ abilities }: Pick<Protocol, 'abilities'>): boolean {
  return abilities.complete !== undefined || abilities.preQuery !== undefined;
}

/** The protocols whose models can do this, as a sentence lists them: "pooling, classify or tei with `input: text`". */
export function protocolsThatCan(ability: ModelAbility): string {
  const names = PROTOCOL_NAMES.flatMap((name) => {
    const needed = (PROTOCOLS[name] as Protocol).abilities[ability];
    return needed === undefined ? [] : [needed ? `${name} ${needed}` : name];
  });
  return names.length > 1 ? `${names.slice(0, -1).join(', ')} or ${names.at(-1)}` : names.join();
}

import { z } from 'zod';
import type { Column, ColumnValue } from '../../../arrow/columnType.js';
import type { CompleteRequest, Message, Model } from '../../../backends/model.js';
import { RowError, ScaleQuestError } from '../../../errors.js';
import { completeUsableThoughts, readingReply } from '../completion.js';
import { type TakeThought, thoughtTaker } from '../reasoning.js';
import { jsonObjectsIn } from './jsonObjectsIn.js';
import { type SchemaCheck, compileSchemaCheck } from './schemaCheck.js';
import { type JsonSchema, type SchemaField, cellOfJson, schemaColumns } from './schemaColumns.js';

/** A JSON Schema that replies are held to, compiled. */
export interface Structured {
  schema: JsonSchema;
  fields: readonly SchemaField[];
  check: SchemaCheck;
}

/** The fields of a reply as values of columns, by their names. */
export type FieldValues = Readonly<Record<string, ColumnValue>>;

/** What a reply was read to; `leftOut` counts the replies before it that did not fit. */
export interface StructuredReply {
  /** What the model wrote after its thought. */
  reply: string;
  /** Empty where there is none. */
  thought: string;
  values: FieldValues;
  leftOut: Record<string, number> | undefined;
}

/**
 * An option that holds a JSON Schema whose fields become columns. A spec names it in `jsonFiles`, so that a pipeline file may name the
 * file that holds it.
 */
export const jsonSchemaOption = z
  .union([z.string(), z.record(z.string(), z.json())])
  .superRefine((schema, context) => {
    const fault = typeof schema === 'string' ? NO_FILE : schemaFault(schema);
    if (fault) context.addIssue({ code: 'custom', path: [...fault.at], message: fault.message });
  });

const NO_FILE = { at: [], message: 'expected the schema itself: a path is read in pipeline files alone' };

/** The option once it is parsed. */
export function schemaOf(option: z.output<typeof jsonSchemaOption> | undefined): JsonSchema | undefined {
  return typeof option === 'string' ? undefined : option;
}

function schemaFault(schema: JsonSchema): { at: readonly string[]; message: string } | null {
  const fields = schemaColumns(schema);
  if ('message' in fields) return fields;
  try {
    compileSchemaCheck(schema);
    return null;
  } catch (error) {
    return { at: [], message: `expected a JSON Schema of draft 2020-12: ${(error as Error).message}` };
  }
}

/** Compiles a schema once a step. Throws ERR_PIPELINE_INVALID for one that is none, or that has a field which no column can hold. */
export function compileStructured(schema: JsonSchema): Structured {
  const fault = schemaFault(schema);
  if (fault)
    throw new ScaleQuestError('ERR_PIPELINE_INVALID', `${fault.at.join('.') || 'json'}: ${fault.message}`);
  return { schema, fields: schemaColumns(schema) as SchemaField[], check: compileSchemaCheck(schema) };
}

/** The fields of a schema as columns. Of one with a fault none: the schema of the options tells it. */
export function structuredColumns(schema: JsonSchema): Column[] {
  const fields = schemaColumns(schema);
  if ('message' in fields) return [];
  return fields.map(({ name, type, nullable, description }) => ({
    ...{ name, type, nullable },
    help: description ? sentence(description) : `The field ${name} of the reply.`,
  }));
}

/**
 * Asks for one reply that fits the schema, and reads it. The server is told the schema, where it can hold a reply to that; the reply is
 * checked in any case. One that does not fit is asked for again, up to `repairsMax` times, with what was wrong. Throws a RowError:
 * ROW_JSON for a reply that does not fit in the end, or the code of one that could not be used at all.
 */
export async function completeStructured(
  model: Model,
  ask: CompleteRequest,
  structured: Structured,
  repairsMax: number,
  take: TakeThought = ANY_THOUGHT,
): Promise<StructuredReply> {
  let request: CompleteRequest = { ...ask, n: 1, jsonSchema: structured.schema };
  for (let tries = 0; ; tries++) {
    const [replied] = (await completeUsableThoughts(model, request, take)).replies;
    const { thought, answer: reply } = replied!;
    try {
      const leftOut = tries > 0 ? { ROW_JSON: tries } : undefined;
      return { reply, thought, values: readStructured(reply, structured), leftOut };
    } catch (error) {
      if (!(error instanceof RowError) || tries >= repairsMax) throw error;
      request = {
        ...request,
        message: repairMessage(ask.message, reply, error.message),
        seed: seedOfTry(ask.seed, tries + 1),
      };
    }
  }
}

const ANY_THOUGHT = thoughtTaker({ reasoningFrom: 'any' });

/** Reads a reply to the values of the schema's fields. Throws a RowError, ROW_JSON, which holds the reply. */
export function readStructured(reply: string, { fields, check }: Structured): FieldValues {
  let fault: string | null = null;
  for (const value of jsonObjectsIn(reply)) {
    const found = check(value);
    if (found === null) return readingReply(reply, () => valuesOf(value, fields));
    fault ??= found;
  }
  throw unfit(reply, fault ?? 'found no JSON object in the reply');
}

function valuesOf(value: Record<string, unknown>, fields: readonly SchemaField[]): FieldValues {
  const own = (name: string): unknown => (Object.hasOwn(value, name) ? value[name] : null);
  return Object.fromEntries(fields.map(({ name, type }) => [name, cellOfJson(type, own(name))]));
}

function unfit(reply: string, fault: string): RowError {
  return new RowError('ROW_JSON', fault, { reply });
}

/** As much of a reply as is shown to its model again. */
const SHOWN_CHARS_MAX = 4000;

/** One message for every protocol: not each model knows dialogues of several turns. */
function repairMessage(message: Message, reply: string, fault: string): Message {
  const asked =
    `Your last reply was:\n${reply.slice(0, SHOWN_CHARS_MAX)}\n\n` +
    `It cannot be used: ${fault}.\nWrite the whole JSON object again, without the mistake and with nothing around it.`;
  if (message.kind === 'preQuery') return message;
  if (message.kind === 'user') return { kind: 'user', text: `${message.text}\n\n${asked}` };
  const last = message.turns.at(-1)!;
  const turns = [...message.turns.slice(0, -1), { ...last, content: `${last.content}\n\n${asked}` }];
  return { ...message, turns };
}

/** 32 bits; the first try has the seed of the row. */
function seedOfTry(seed: number, tries: number): number {
  return (seed + Math.imul(tries, 0x9e3779b9)) >>> 0;
}

function sentence(text: string): string {
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}

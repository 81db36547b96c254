import { z } from 'zod';
import type { CompleteRequest, Message, Model } from '../../../backends/model.js';
import { RowError } from '../../../errors.js';
import { cutText } from '../../../flow/steps/lostReply.js';
import { isWellFormed } from '../../../text/wellFormed.js';
import { completeUsableThoughts, readingReply } from '../completion.js';
import { type TakeThought, thoughtTaker } from '../reasoning.js';
import { jsonObjectsIn } from './jsonObjectsIn.js';
import type { JsonSchema } from './schemaColumns.js';

/** What a step wants a reply to be: an object of a schema, and how it is read. */
export interface ReplyForm<Value> {
  /** The server is told it, where it can hold a reply to it. */
  schema: JsonSchema;
  /** The code of a row whose reply does not fit. */
  code: 'ROW_JSON' | 'ROW_UNCLEAR';
  /** What an object of the reply says, or in words why it does not fit. */
  read(object: Record<string, unknown>): { value: Value } | { fault: string };
  /**
   * Where all objects that fit must say the same: what each says. One of several that differ may be quoted from a text in the prompt. The
   * first one counts where this is absent.
   */
  agreement?: (value: Value) => string;
}

/** A reply that fits its form. */
export interface FormedReply<Value> {
  /** What the model wrote after its thought. */
  reply: string;
  /** Empty where there is none. */
  thought: string;
  value: Value;
}

/** The replies that fit, at least one; `leftOut` counts those beside and before them that could not be used. */
export interface FormedReplies<Value> {
  replies: FormedReply<Value>[];
  leftOut: Record<string, number> | undefined;
}

/** The option of every step that asks for a form. */
export const repairsOption = z.int().min(0).max(5).default(0);

/**
 * Asks for replies of a form, and reads them. The server is told the schema, where it can hold a reply to that; each reply is checked in
 * any case. Where none fits, they are asked for again, up to `repairsMax` times, with what was wrong with the first. Throws a RowError:
 * the code of the form, or that of replies that could not be used at all.
 */
export async function completeForm<Value>(
  model: Model,
  ask: CompleteRequest,
  form: ReplyForm<Value>,
  repairsMax: number,
  take: TakeThought = ANY_THOUGHT,
): Promise<FormedReplies<Value>> {
  let request: CompleteRequest = { ...ask, jsonSchema: form.schema };
  let unfit = 0;
  for (let tries = 0; ; tries++) {
    const { replies, leftOut } = await completeUsableThoughts(model, request, take);
    const fitting: FormedReply<Value>[] = [];
    let first: { reply: string; error: RowError } | undefined;
    for (const { thought, answer: reply } of replies) {
      const value = readOrFault(reply, form);
      if (!(value instanceof RowError)) fitting.push({ reply, thought, value: value.value });
      else first ??= { reply, error: value };
    }
    unfit += replies.length - fitting.length;
    if (fitting.length > 0) return { replies: fitting, leftOut: withUnfit(leftOut, form.code, unfit) };
    if (tries >= repairsMax) throw first!.error;
    request = {
      ...request,
      message: repairMessage(ask.message, first!.reply, first!.error.message),
      seed: seedOfTry(ask.seed, tries + 1),
    };
  }
}

const ANY_THOUGHT = thoughtTaker({ reasoningFrom: 'any' });

function readOrFault<Value>(reply: string, form: ReplyForm<Value>): { value: Value } | RowError {
  try {
    return { value: readForm(reply, form) };
  } catch (error) {
    if (error instanceof RowError) return error;
    throw error;
  }
}

function withUnfit(
  leftOut: Record<string, number> | undefined,
  code: string,
  unfit: number,
): Record<string, number> | undefined {
  return unfit === 0 ? leftOut : { ...leftOut, [code]: unfit };
}

/** A reply of more objects is no verdict with words around it; to read each of them would take longer than a reply may. */
const OBJECTS_MAX = 4096;

/** Reads a reply behind its thought. Throws a RowError of the form's code, which holds the reply. */
export function readForm<Value>(reply: string, form: ReplyForm<Value>): Value {
  const { code, agreement } = form;
  let fault: string | null = null;
  let found: { value: Value } | null = null;
  let objects = 0;
  for (const object of jsonObjectsIn(reply)) {
    objects += 1;
    if (objects > OBJECTS_MAX)
      throw new RowError(code, `the reply holds more than ${OBJECTS_MAX} JSON objects, expected one`, {
        reply,
      });
    const read = isWhole(object) ? readingReply(reply, () => form.read(object)) : HALF_CHARACTER;
    if ('fault' in read) fault ??= read.fault;
    else if (!agreement) return read.value;
    else if (found && agreement(found.value) !== agreement(read.value))
      throw new RowError(code, 'the reply holds two verdicts that differ, expected one', { reply });
    else found = read;
  }
  if (found) return found.value;
  throw new RowError(code, fault ?? 'found no JSON object in the reply', { reply });
}

const HALF_CHARACTER = {
  fault:
    'a text of the JSON object holds half a surrogate pair (such as \\ud83d alone), expected whole characters',
};

/** Whether all its texts can be written as UTF-8. */
function isWhole(object: Record<string, unknown>): boolean {
  const open: unknown[] = [object];
  while (open.length > 0) {
    const value = open.pop();
    if (typeof value === 'string' && !isWellFormed(value)) return false;
    if (typeof value !== 'object' || value === null) continue;
    for (const [name, part] of Object.entries(value)) open.push(name, part);
  }
  return true;
}

/** As much of a reply as is shown to its model again. */
const SHOWN_CHARS_MAX = 4000;

/** One message for every protocol: not each model knows dialogues of several turns. */
function repairMessage(message: Message, reply: string, fault: string): Message {
  const asked =
    `Your last reply was:\n${cutText(reply, SHOWN_CHARS_MAX)}\n\n` +
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

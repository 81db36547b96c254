import { StringDecoder } from 'node:string_decoder';
import type { OnData, HttpReply } from '../http/httpClient.js';
import type { ReplyStream } from '../model.js';
import { pieceTeller } from '../pieceTeller.js';
import { parseReplyJson } from '../server/replyJson.js';

/**
 * Replies of the OpenAI protocol that come piece by piece, as server-sent events. Who looks on is told the pieces; the reply itself is
 * put together from all of them and then read as any other, with the same limits and errors.
 */

function isEvents(contentType: string | undefined): boolean {
  return /^text\/event-stream\b/i.test(contentType ?? '');
}

/** The same reply as it would have come whole; a server that ignores `stream` sends it so. */
export function wholeReply(reply: HttpReply): HttpReply {
  const isStream = reply.status === 200 && isEvents(reply.header('content-type'));
  return isStream ? replyOfStream(reply) : reply;
}

/** The reply as it would have come whole. An event that tells an error is the whole reply: its reader says what it means. */
function replyOfStream(reply: HttpReply): HttpReply {
  const choice = createChoice();
  let usage: unknown;
  let isDone = false;
  for (const data of eventsIn(reply.text)) {
    if (data === '[DONE]') isDone = true;
    else {
      const event = parseReplyJson(data);
      if (!isObject(event) || event['error'] !== undefined) return asJson(reply, data);
      usage = event['usage'] ?? usage;
      choice.add(event);
    }
  }
  // What ends before its end is cut off, as JSON would be.
  const isWhole = isDone || choice.hasEnded();
  return asJson(reply, isWhole ? JSON.stringify({ choices: choice.whole(), usage }) : '{');
}

function asJson(reply: HttpReply, text: string): HttpReply {
  const header = (name: string): string | undefined =>
    name === 'content-type' ? 'application/json' : reply.header(name);
  return { ...reply, text, header };
}

/** Tells `stream` the text of the choice as its events come. What it gives makes a listener for each try. */
export function listenTo(stream: ReplyStream, stop: readonly string[]): () => OnData {
  return () => {
    stream.begins();
    const decoder = new StringDecoder('utf8');
    const tell = pieceTeller(stream, stop);
    let rest = '';
    return (bytes, contentType) => {
      if (!isEvents(contentType)) return;
      const lines = decoder.write(bytes);
      const end = lines.lastIndexOf('\n') + 1;
      if (end > 0)
        for (const data of eventsIn(rest + lines.slice(0, end))) tell(textIn(parseReplyJson(data)));
      rest = end > 0 ? lines.slice(end) : rest + lines;
    };
  };
}

/** The data of each event. Fields of an event beside `data`, and comments, say nothing here. */
function eventsIn(text: string): string[] {
  return text.split(/\r?\n/).flatMap((line) => (line.startsWith('data:') ? [line.slice(5).trim()] : []));
}

function choiceIn(event: unknown): Record<string, unknown> | undefined {
  const choices = isObject(event) ? event['choices'] : undefined;
  const first = Array.isArray(choices) ? (choices as unknown[])[0] : undefined;
  return isObject(first) ? first : undefined;
}

function textIn(event: unknown): string {
  const choice = choiceIn(event) ?? {};
  const text = isObject(choice['delta']) ? choice['delta']['content'] : choice['text'];
  return typeof text === 'string' ? text : '';
}

/** The choice that the events write: `text` of /completions, or the `delta`s of /chat/completions. */
function createChoice() {
  const texts = new Map<string, string[]>();
  let hasCalls = false;
  let isChat = false;
  let last: Record<string, unknown> | undefined;
  let finish: unknown;

  function append(key: string, value: unknown): void {
    if (typeof value !== 'string') return;
    const pieces = texts.get(key);
    if (pieces) pieces.push(value);
    else texts.set(key, [value]);
  }

  return {
    add(event: Record<string, unknown>): void {
      const choice = choiceIn(event);
      if (!choice) return;
      last = choice;
      finish = choice['finish_reason'] ?? finish;
      append('text', choice['text']);
      const { delta } = choice;
      if (!isObject(delta)) return;
      isChat = true;
      for (const [key, value] of Object.entries(delta)) append(key, value);
      hasCalls ||= Array.isArray(delta['tool_calls']);
    },
    hasEnded: () => finish !== undefined && finish !== null,
    whole(): object[] {
      if (!last) return [];
      const { delta: _, ...rest } = last;
      const shared = { ...rest, finish_reason: finish ?? null };
      const fields = Object.fromEntries([...texts].map(([key, pieces]) => [key, pieces.join('')]));
      if (!isChat) return [{ ...shared, text: fields['text'] }];
      const calls = hasCalls ? { tool_calls: [{}] } : {};
      return [{ ...shared, message: { ...fields, content: fields['content'] ?? null, ...calls } }];
    },
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

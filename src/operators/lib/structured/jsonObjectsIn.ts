import { afterThought } from '../../../text/afterThought.js';
import { mendStrings } from '../../../text/mendStrings.js';

/** So many places where an object may begin are tried: more would not be linear in the reply. */
const STARTS_MAX = 8;

/**
 * The JSON objects in a reply, in their order: what stands after its thought, in a fence or not, with words around it. What begins with a
 * brace and is no JSON is passed over. Backslashes of LaTeX that the model did not escape stay what they are: see `mendStrings`.
 */
export function* jsonObjectsIn(reply: string): Generator<Record<string, unknown>> {
  const text = afterThought(reply);
  let from = 0;
  for (let starts = 0; starts < STARTS_MAX; starts++) {
    const start = text.indexOf('{', from);
    if (start < 0) return;
    const end = objectEnd(text, start);
    const value = end < 0 ? undefined : parse(text.slice(start, end));
    if (value !== undefined) yield value;
    from = value === undefined ? start + 1 : end;
  }
}

/** Where the object that begins at `start` ends, after its brace; -1 if it does not. */
function objectEnd(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    const char = text[at];
    if (char === '"') {
      at = stringEnd(text, at);
      if (at < 0) return -1;
    } else if (char === '{') depth += 1;
    else if (char === '}') depth -= 1;
    if (depth === 0) return at + 1;
  }
  return -1;
}

/** Where the string that begins at `start` has its closing quote; -1 if it has none. */
function stringEnd(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === '"') return at;
  }
  return -1;
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(mendStrings(text)) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

import { afterThought } from '../../../text/afterThought.js';
import { mendStrings } from '../../../text/mendStrings.js';

/** So many times the length of a reply is read at most: what begins as an object and is none is read again from within. */
const READINGS_MAX = 8;

/** Where an object may begin. Braces of sets and of LaTeX are passed over, however many there are. */
const BEGINS = /\{\s{0,100}(["}])/g;

/**
 * The JSON objects in a reply, in their order: what stands after its thought, in a fence or not, with words around it. What begins as
 * one and is no JSON is passed over; an empty one counts where there is no other. Backslashes of LaTeX that the model did not escape stay
 * what they are: see `mendStrings`. Linear in the reply.
 */
export function* jsonObjectsIn(reply: string): Generator<Record<string, unknown>> {
  const text = afterThought(reply);
  const begins = new RegExp(BEGINS);
  let charsLeft = READINGS_MAX * text.length;
  let hasEmpty = false;
  let hasAny = false;
  for (let match = begins.exec(text); match && charsLeft > 0; match = begins.exec(text)) {
    const start = match.index;
    if (match[1] === '}') {
      hasEmpty = true;
      continue;
    }
    const end = objectEnd(text, start);
    charsLeft -= Math.abs(end) - start;
    const value = end < 0 ? undefined : parse(text.slice(start, end));
    begins.lastIndex = value === undefined ? start + 1 : end;
    if (value === undefined) continue;
    hasAny = true;
    yield value;
  }
  if (hasEmpty && !hasAny) yield {};
}

/** By its code, whether JSON has a character outside of strings. To mend and parse what holds another would take long, and fail. */
const OUTSIDE = new Uint8Array(128);
for (const char of ' \t\n\r{}[]:,0123456789+-.eEtrufalsn') OUTSIDE[char.charCodeAt(0)] = 1;

const QUOTE = 34;
const OPEN = 123;
const CLOSE = 125;

/** Where the object that begins at `start` ends, after its brace; where it turns out to be none, minus the place that was read last. */
function objectEnd(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      at = stringEnd(text, at);
      if (at < 0) return -text.length;
    } else if (OUTSIDE[code] !== 1) return -at;
    else if (code === OPEN) depth += 1;
    else if (code === CLOSE) depth -= 1;
    if (depth === 0) return at + 1;
  }
  return -text.length;
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

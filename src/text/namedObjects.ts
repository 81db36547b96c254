import { escapeRegExp } from './escapeRegExp.js';
import { mendStrings } from './mendStrings.js';

/**
 * The JSON objects in a text that begin with one of these keys, outermost first to last, as `{"score": 4}` in a reply that says more.
 * What cannot be read as JSON is left out; backslashes of LaTeX and line ends in strings are mended first. Linear in the text.
 */
export function namedObjects(text: string, keys: readonly string[]): Record<string, unknown>[] {
  const begins = new RegExp(String.raw`\{\s{0,100}"(?:${keys.map(escapeRegExp).join('|')})"\s{0,100}:`, 'g');
  const found: Record<string, unknown>[] = [];
  for (let match = begins.exec(text); match; match = begins.exec(text)) {
    const end = closeOf(text, match.index);
    if (end < 0) break;
    const value = parsed(text.slice(match.index, end));
    if (value) found.push(value);
    begins.lastIndex = end;
  }
  return found;
}

/** Behind the brace that closes the one at `start`; -1 where none does. Braces in strings do not count. */
function closeOf(text: string, start: number): number {
  let depth = 0;
  let isInString = false;
  for (let at = start; at < text.length; at++) {
    const char = text[at];
    if (isInString) {
      if (char === '\\') at += 1;
      else if (char === '"') isInString = false;
    } else if (char === '"') isInString = true;
    else if (char === '{') depth += 1;
    else if (char === '}' && --depth === 0) return at + 1;
  }
  return -1;
}

function parsed(json: string): Record<string, unknown> | null {
  try {
    return JSON.parse(mendStrings(json)) as Record<string, unknown>;
  } catch {
    return null;
  }
}

/** The value of a reply's JSON; undefined if it is none. */
export function parseReplyJson(reply: string): unknown {
  // Some servers begin with a byte-order mark.
  const text = reply.charCodeAt(0) === 0xfeff ? reply.slice(1) : reply;
  try {
    return JSON.parse(text);
  } catch {
    return parsePythonJson(text);
  }
}

/** No reply is nested as deep, and reading deeper ones takes long. */
const DEPTH_MAX = 10_000;

/** Python's json writes NaN and Infinity as they are, which JSON does not know: they become null. */
function parsePythonJson(text: string): unknown {
  if (!/NaN|Infinity/.test(text)) return undefined;
  const plain: string[] = [];
  let depth = 0;
  let copied = 0;
  for (let at = 0; at < text.length && depth <= DEPTH_MAX; at++) {
    const char = text[at]!;
    if (char === '"') at = endOfString(text, at) - 1;
    else if (char === '[' || char === '{') depth += 1;
    else if (char === ']' || char === '}') depth -= 1;
    else if (char === 'N' || char === 'I') {
      const length = bareNumberAt(text, at);
      if (length === 0) return undefined;
      plain.push(text.slice(copied, text[at - 1] === '-' ? at - 1 : at), 'null');
      copied = at + length;
      at = copied - 1;
    }
  }
  if (depth > DEPTH_MAX) return undefined;
  plain.push(text.slice(copied));
  try {
    return JSON.parse(plain.join(''));
  } catch {
    return undefined;
  }
}

/** The length of a NaN or an Infinity; 0 for anything else, which no JSON holds outside of strings. */
function bareNumberAt(text: string, at: number): number {
  if (text.startsWith('NaN', at)) return 3;
  return text.startsWith('Infinity', at) ? 8 : 0;
}

/** The place behind the string that begins at `at`; a quote behind an odd number of backslashes does not end it. */
function endOfString(text: string, at: number): number {
  let quote = text.indexOf('"', at + 1);
  while (quote >= 0) {
    let before = quote;
    while (text[before - 1] === '\\') before -= 1;
    if ((quote - before) % 2 === 0) return quote + 1;
    quote = text.indexOf('"', quote + 1);
  }
  return text.length;
}

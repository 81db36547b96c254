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

/** Outside of strings these stand for nothing else. */
const BARE_NUMBERS = ['-NaN', 'NaN', '-Infinity', 'Infinity'];

/** Python's json writes NaN and Infinity as they are, which JSON does not know: they become null. */
function parsePythonJson(text: string): unknown {
  if (!/NaN|Infinity/.test(text)) return undefined;
  const plain: string[] = [];
  let at = 0;
  while (at < text.length) {
    const quote = text.indexOf('"', at);
    const stringAt = quote < 0 ? text.length : quote;
    plain.push(withNull(text.slice(at, stringAt)));
    at = endOfString(text, stringAt);
    plain.push(text.slice(stringAt, at));
  }
  try {
    return JSON.parse(plain.join(''));
  } catch {
    return undefined;
  }
}

function withNull(text: string): string {
  return BARE_NUMBERS.reduce((plain, number) => plain.replaceAll(number, 'null'), text);
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

const CHARS_MAX = 80;

/** A value of a file as JSON, cut at 80 characters; it looks at no more of the value than it prints. */
export function briefly(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = jsonOf(value, CHARS_MAX + 1);
  return text.length > CHARS_MAX ? `${text.slice(0, CHARS_MAX - 3)}...` : text;
}

/** At least the first `chars` characters, all of a shorter text. */
function jsonOf(value: unknown, chars: number): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, chars));
  // JSON has no NaN and no Infinity, and YAML has.
  if (typeof value === 'number') return String(value);
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? String(value);
  const isList = Array.isArray(value);
  let text = isList ? '[' : '{';
  let isFirst = true;
  for (const key in value) {
    const item = (value as Record<string, unknown>)[key];
    if (text.length >= chars) return text;
    if (!isFirst) text += ',';
    if (!isList) text += `${JSON.stringify(key.slice(0, chars))}:`;
    text += jsonOf(item, chars - text.length);
    isFirst = false;
  }
  return text + (isList ? ']' : '}');
}

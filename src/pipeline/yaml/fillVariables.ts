/** `${NAME}` or `${NAME:-default}` in a text: what stands before it, and where the text goes on. */
export interface VariableUse {
  name: string;
  /** Undefined where none is given. */
  fallback: string | undefined;
}

const NAME = /[A-Za-z_][A-Za-z0-9_]*/y;

/** Replaces each variable of a text by what `valueOf` gives for it. Looks at each character once. */
export function fillVariables(text: string, valueOf: (use: VariableUse) => string): string {
  const parts: string[] = [];
  let done = 0;
  // Without this bound, each of many beginnings without an end would search the rest of the text.
  const last = text.lastIndexOf('}');
  for (let at = text.indexOf('${'); at >= 0 && at < last; at = text.indexOf('${', at + 2)) {
    const found = variableAt(text, at);
    if (found === null) continue;
    parts.push(text.slice(done, at), valueOf(found));
    done = found.end;
    at = done - 2;
  }
  return done === 0 ? text : parts.join('') + text.slice(done);
}

function variableAt(text: string, at: number): (VariableUse & { end: number }) | null {
  NAME.lastIndex = at + 2;
  const name = NAME.exec(text)?.[0];
  if (name === undefined) return null;
  const after = at + 2 + name.length;
  if (text[after] === '}') return { name, fallback: undefined, end: after + 1 };
  if (!text.startsWith(':-', after)) return null;
  const end = text.indexOf('}', after);
  return { name, fallback: text.slice(after + 2, end), end: end + 1 };
}

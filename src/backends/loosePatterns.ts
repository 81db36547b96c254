type Schema = Readonly<Record<string, unknown>>;

const stripped = new WeakMap<Schema, Schema>();

/**
 * The schema that a server is asked to hold a reply to: without the patterns that servers read in ways of their own. JSON Schema finds a
 * pattern anywhere in a text. xgrammar, which vLLM and SGLang use, makes all of the text fit it: with `[Ss]elect` a model could write
 * nothing but “select”. llama.cpp leaves out what is not anchored at both ends. The reply is checked against the whole schema in any case.
 * The same object for the same schema.
 */
export function withoutLoosePatterns(schema: Schema): Schema {
  const known = stripped.get(schema);
  if (known) return known;
  const made = strip(schema) as Schema;
  stripped.set(schema, made);
  return made;
}

function strip(part: unknown): unknown {
  if (Array.isArray(part)) return part.map(strip);
  if (part === null || typeof part !== 'object') return part;
  const kept = Object.entries(part).filter(
    // A property that is called `pattern` has a schema of its own, which is no text.
    ([key, value]) => key !== 'pattern' || typeof value !== 'string' || isWhole(value),
  );
  return Object.fromEntries(kept.map(([key, value]) => [key, isData(key) ? value : strip(value)]));
}

/** Whether a pattern says of all of a text what it is. A choice could end one anchor’s side: `^a|b$`. */
function isWhole(pattern: string): boolean {
  return /^\^[^|]*[^\\|]\$$/.test(pattern);
}

/** Keywords whose values are data, not schemas. */
function isData(key: string): boolean {
  return key === 'const' || key === 'enum' || key === 'default' || key === 'examples';
}

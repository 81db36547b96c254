/** A JSON Schema, or a part of one. */
type Part = Readonly<Record<string, unknown>>;

/** How a server is told a schema, and what of it that server does not know; or why it is told none. */
export type SchemaHold = { how: string; but: readonly string[] } | { why: string };

/** A schema in the words of a server; `but`: the keywords of the given one that it lacks, so that more replies fit. Or why it has none. */
export type HeldSchema = { schema: Part; but: readonly string[] } | { why: string };

/** What a server knows of JSON Schema. */
export interface SchemaDialect {
  /** The keyword for several schemas of which one must fit. */
  alternatives: 'anyOf' | 'oneOf';
  /** Whether it knows the keyword with this value. Those that hold schemas (`properties`, `items`, alternatives) all servers know. */
  knows(keyword: string, value: unknown): boolean;
  /** Why it would hold replies to something else than the part; null if it does not. */
  fault(part: Part): string | null;
  /** What each object says beside its properties. */
  closed?: Part;
  /** It does not know schemas that hold themselves. */
  refusesRecursion?: boolean;
}

/**
 * Keywords that refuse nothing, here as in our own check. Properties beyond those that are named become no columns: whether they are
 * allowed makes no difference.
 */
const NOTES = new Set([
  ...['type', '$defs', 'additionalProperties', 'unevaluatedProperties'],
  ...['title', 'description', 'default', 'examples', 'deprecated', 'readOnly', 'writeOnly', 'format'],
  ...['$comment', '$schema', '$id', '$anchor', 'contentEncoding', 'contentMediaType', 'contentSchema'],
]);

const DEPTH_MAX = 32;

/** A fault as it is thrown while a schema is read. */
class Unheld extends Error {}

/**
 * A schema in the words of a server. Keywords that it does not know are left out where that lets more replies pass, for each reply is
 * checked against the given schema in any case. Where a server would hold replies to something else, it is not told the schema at all.
 */
export function heldSchema(schema: Part, dialect: SchemaDialect): HeldSchema {
  const but = new Set<string>();
  const defs = isPart(schema['$defs']) ? schema['$defs'] : {};

  function leaveOut(keyword: string): void {
    if (!NOTES.has(keyword)) but.add(keyword);
  }

  function convert(part: unknown, depth: number): Part {
    if (!isPart(part)) throw new Unheld('a part of it allows any value');
    if (depth > DEPTH_MAX) throw new Unheld(`it is nested deeper than ${DEPTH_MAX}`);
    if (part['$ref'] !== undefined) {
      for (const keyword of Object.keys(part)) if (keyword !== '$ref') leaveOut(keyword);
      return { $ref: referenceOf(part['$ref'], defs) };
    }
    const listed = Array.isArray(part['enum']) ? part['enum'] : undefined;
    if (listed || part['const'] !== undefined) return literalOf(part, listed);
    const range = smallRange(part);
    if (range) return { enum: range };
    const { type } = part;
    if (Array.isArray(type)) {
      const [only, ...more] = type as unknown[];
      if (more.length === 0) return convert({ ...part, type: only }, depth + 1);
      return { [dialect.alternatives]: type.map((each) => convert({ ...part, type: each }, depth + 1)) };
    }
    const alternatives = part['anyOf'] ?? part['oneOf'];
    if (type === undefined && Array.isArray(alternatives))
      return { [dialect.alternatives]: alternatives.map((each) => convert(each, depth + 1)) };
    if (typeof type !== 'string') throw new Unheld('a part of it allows any value');
    return typed(part, type, depth);
  }

  function typed(part: Part, type: string, depth: number): Part {
    const fault = missingProperty(part) ?? dialect.fault(part);
    if (fault !== null) throw new Unheld(fault);
    const held: Record<string, unknown> = { type };
    for (const [keyword, value] of Object.entries(part)) {
      if (keyword === 'properties' && isPart(value)) held['properties'] = converted(value, depth);
      else if (keyword === 'items') held['items'] = convert(value, depth + 1);
      else if (keyword === 'required') held['required'] = value;
      else if (dialect.knows(keyword, value)) held[keyword] = value;
      else leaveOut(keyword);
    }
    return type === 'object' ? { ...held, ...dialect.closed } : held;
  }

  function converted(parts: Part, depth: number): Part {
    return Object.fromEntries(Object.entries(parts).map(([name, each]) => [name, convert(each, depth + 1)]));
  }

  try {
    const held = convert(schema, 0);
    if (Object.keys(defs).length === 0) return { schema: held, but: [...but] };
    if (dialect.refusesRecursion && isRecursive(defs)) return { why: 'it holds itself' };
    return { schema: { ...held, $defs: converted(defs, 0) }, but: [...but] };
  } catch (error) {
    if (!(error instanceof Unheld)) throw error;
    return { why: error.message };
  }
}

function literalOf(part: Part, listed: readonly unknown[] | undefined): Part {
  const values = listed ?? [part['const']];
  if (values.some((value) => typeof value === 'object' && value !== null))
    throw new Unheld('it lists values that are lists or objects');
  // What is listed has its types already.
  return { enum: values };
}

function referenceOf(ref: unknown, defs: Part): string {
  const [, name] = (typeof ref === 'string' && /^#\/\$defs\/([^/~%]+)$/.exec(ref)) || [];
  if (name !== undefined && Object.hasOwn(defs, name)) return `#/$defs/${name}`;
  throw new Unheld('it has a $ref that does not stand in its $defs');
}

/** A protocol's own words for a schema, once a schema: requests of a step all carry the same object. */
export function rememberHeld(dialect: SchemaDialect): (schema: Part) => HeldSchema {
  const known = new WeakMap<Part, HeldSchema>();
  return (schema) => {
    const before = known.get(schema);
    if (before) return before;
    const held = heldSchema(schema, dialect);
    known.set(schema, held);
    return held;
  };
}

/** Whole numbers of a short range as a list: more servers know lists than bounds. */
const LISTED_NUMBERS_MAX = 200;

function smallRange({ type, minimum, maximum, ...more }: Part): number[] | null {
  if (type !== 'integer' || !Number.isSafeInteger(minimum) || !Number.isSafeInteger(maximum)) return null;
  if (Object.keys(more).some((keyword) => !NOTES.has(keyword))) return null;
  const [low, high] = [minimum as number, maximum as number];
  if (high < low || high - low >= LISTED_NUMBERS_MAX) return null;
  return Array.from({ length: high - low + 1 }, (_, at) => low + at);
}

/** A property that is required and not described: no server would know what to write. */
function missingProperty({ required, properties = {} }: Part): string | null {
  if (!Array.isArray(required)) return null;
  const missing = required.find((name) => !Object.hasOwn(properties as object, name as string));
  return missing === undefined ? null : `it requires ${String(missing)}, which its properties do not have`;
}

function isRecursive(defs: Part): boolean {
  const finished = new Set<string>();
  const open = new Set<string>();
  function visit(name: string): boolean {
    if (finished.has(name)) return false;
    if (open.has(name)) return true;
    open.add(name);
    const found = JSON.stringify(defs[name] ?? null).matchAll(/"#\/\$defs\/([^"/]+)"/g);
    const isCyclic = [...found].some(([, inner]) => visit(inner!));
    open.delete(name);
    finished.add(name);
    return isCyclic;
  }
  return Object.keys(defs).some(visit);
}

function isPart(value: unknown): value is Part {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

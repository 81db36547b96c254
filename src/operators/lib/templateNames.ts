/** The names that a template looks up outside itself. */
export interface TemplateNames {
  /** All of them, in the order in which they are first met. */
  used: readonly string[];
  /** Those of which it asks somewhere whether they have a value: `{% if hint %}`, `hint is none`, `hint | default('')`. */
  tested: ReadonlySet<string>;
}

/** A node of @huggingface/jinja's syntax tree. */
interface Node {
  type: string;
  [part: string]: unknown;
}

type Scope = Set<string>;

/** Filters that give something for a value that is none. */
const DEFAULTS = ['default', 'd'];
/** What the engine knows by itself. */
const BUILT_IN = ['true', 'True', 'false', 'False', 'none', 'None', 'range', 'raise_exception', 'namespace'];

/**
 * The names that a parsed template looks up and does not set itself. Names of filters, tests, attributes and keyword arguments are
 * no look-ups; names of loops, macros and `set` are known from there on.
 */
export function templateNames(program: object): TemplateNames {
  const used = new Set<string>();
  const tested = new Set<string>();

  function lookUp(name: string, scope: Scope, isTested: boolean): void {
    if (scope.has(name)) return;
    used.add(name);
    if (isTested) tested.add(name);
  }

  /** `isTested`: what a name here is worth is asked for, and not written. */
  function walk(part: unknown, scope: Scope, isTested = false): void {
    if (Array.isArray(part)) return part.forEach((each) => walk(each, scope, isTested));
    if (part instanceof Map) return [...part].forEach((pair) => walk(pair, scope, isTested));
    if (part === null || typeof part !== 'object') return;
    const node = part as Node;
    const walkNode = walks.get(node.type);
    if (walkNode) return walkNode(node, scope, isTested);
    for (const [key, child] of Object.entries(node)) {
      // Operators are tokens, and some are words.
      if (key !== 'operator') walk(child, scope, isTested);
    }
  }

  function inside(body: unknown, scope: Scope, ...names: unknown[]): void {
    walk(body, new Set([...scope, ...names.flatMap(namesOf)]));
  }

  function filtered({ operand, filter }: Node, scope: Scope, isTested: boolean): void {
    const { type, value, callee, args } = filter as Node;
    const name = type === 'CallExpression' ? (callee as Node)['value'] : value;
    walk(operand, scope, isTested || DEFAULTS.includes(name as string));
    walk(args, scope);
  }

  const special: Record<string, (node: Node, scope: Scope, isTested: boolean) => void> = {
    Identifier: ({ value }, scope, isTested) => lookUp(value as string, scope, isTested),
    If({ test, body, alternate }, scope) {
      walk(test, scope, true);
      walk(body, scope);
      walk(alternate, scope);
    },
    Ternary({ condition, trueExpr, falseExpr }, scope) {
      walk(condition, scope, true);
      walk([trueExpr, falseExpr], scope);
    },
    SelectExpression({ lhs, test }, scope, isTested) {
      walk(lhs, scope, isTested);
      walk(test, scope, true);
    },
    For({ loopvar, iterable, body, defaultBlock }, scope) {
      const { type, lhs, test } = iterable as Node;
      // `for part in parts if part.good`: the test sees the parts.
      if (type === 'SelectExpression') {
        walk(lhs, scope);
        walk(test, new Set([...scope, ...namesOf(loopvar)]), true);
      } else walk(iterable, scope);
      inside(body, scope, loopvar, 'loop');
      walk(defaultBlock, scope);
    },
    Set({ assignee, value, body }, scope) {
      walk([value, body], scope);
      const { type, object } = assignee as Node;
      if (type === 'MemberExpression') walk(object, scope);
      for (const name of namesOf(assignee)) scope.add(name);
    },
    Macro({ name, args, body }, scope) {
      for (const each of namesOf(name)) scope.add(each);
      walk(
        (args as Node[]).map((arg) => (arg.type === 'KeywordArgumentExpression' ? arg['value'] : null)),
        scope,
      );
      inside(body, scope, args, 'caller');
    },
    CallStatement({ call, callerArgs, body }, scope) {
      walk(call, scope);
      inside(body, scope, callerArgs ?? []);
    },
    FilterExpression: filtered,
    FilterStatement({ filter, body }, scope) {
      filtered({ type: '', operand: null, filter }, scope, false);
      walk(body, scope);
    },
    TestExpression: ({ operand }, scope) => walk(operand, scope, true),
    MemberExpression({ object, property, computed }, scope, isTested) {
      walk(object, scope, isTested);
      if (computed) walk(property, scope);
    },
    KeywordArgumentExpression: ({ value }, scope, isTested) => walk(value, scope, isTested),
  };
  const walks = new Map(Object.entries(special));

  walk(program, new Set(BUILT_IN));
  return { used: [...used], tested };
}

/** The names in a loop's variable, a macro's arguments or what is set. */
function namesOf(part: unknown): string[] {
  if (typeof part === 'string') return [part];
  if (Array.isArray(part)) return part.flatMap(namesOf);
  const { type, value, key } = (part ?? {}) as Partial<Node>;
  if (type === 'Identifier') return [value as string];
  if (type === 'KeywordArgumentExpression') return namesOf(key);
  return type === 'TupleLiteral' ? namesOf(value) : [];
}

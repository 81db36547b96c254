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

/** Looks into a part of the tree. `isTested`: what a name there is worth is asked for, and not written. */
type Walk = (part: unknown, scope: Scope, isTested?: boolean) => void;

type WalkNode = (node: Node, walk: Walk, scope: Scope, isTested: boolean) => void;

/** Filters that give something for a value that is none. */
const DEFAULTS = ['default', 'd'];
/** What the engine knows by itself. */
const BUILT_IN = ['true', 'True', 'false', 'False', 'none', 'None', 'range', 'raise_exception', 'namespace'];

/**
 * The names that a parsed template looks up and does not set itself. Names of filters, tests, attributes and keyword arguments are
 * no look-ups; names of loops, macros and `set` are known from there on.
 */
export function templateLookups(program: object): TemplateNames {
  const used = new Set<string>();
  const tested = new Set<string>();

  function walk(part: unknown, scope: Scope, isTested = false): void {
    if (Array.isArray(part)) return part.forEach((each) => walk(each, scope, isTested));
    if (part instanceof Map) return [...part].forEach((pair) => walk(pair, scope, isTested));
    if (part === null || typeof part !== 'object') return;
    const node = part as Node;
    if (node.type === 'Identifier') return lookUp(node['value'] as string, scope, isTested);
    const walkNode = WALKS.get(node.type);
    if (walkNode) return walkNode(node, walk, scope, isTested);
    for (const [key, child] of Object.entries(node)) {
      // Operators are tokens, and some are words.
      if (key !== 'operator') walk(child, scope, isTested);
    }
  }

  function lookUp(name: string, scope: Scope, isTested: boolean): void {
    if (scope.has(name)) return;
    used.add(name);
    if (isTested) tested.add(name);
  }

  walk(program, new Set(BUILT_IN));
  return { used: [...used], tested };
}

/** Nodes in which names are bound, or stand that are not looked up. */
const WALKS: ReadonlyMap<string, WalkNode> = new Map<string, WalkNode>([
  ['If', walkIf],
  ['Ternary', walkTernary],
  ['SelectExpression', walkSelect],
  ['For', walkFor],
  ['Set', walkSet],
  ['Macro', walkMacro],
  ['CallStatement', walkCall],
  ['FilterExpression', walkFilter],
  ['FilterStatement', walkFilterBlock],
  ['TestExpression', ({ operand }, walk, scope) => walk(operand, scope, true)],
  ['MemberExpression', walkMember],
  ['KeywordArgumentExpression', ({ value }, walk, scope, isTested) => walk(value, scope, isTested)],
]);

function walkIf({ test, body, alternate }: Node, walk: Walk, scope: Scope): void {
  walk(test, scope, true);
  walk(body, scope);
  walk(alternate, scope);
}

function walkTernary({ condition, trueExpr, falseExpr }: Node, walk: Walk, scope: Scope): void {
  walk(condition, scope, true);
  walk([trueExpr, falseExpr], scope);
}

function walkSelect({ lhs, test }: Node, walk: Walk, scope: Scope, isTested: boolean): void {
  walk(lhs, scope, isTested);
  walk(test, scope, true);
}

function walkFor({ loopvar, iterable, body, defaultBlock }: Node, walk: Walk, scope: Scope): void {
  const { type, lhs, test } = iterable as Node;
  // `for part in parts if part.good`: the test sees the parts.
  if (type === 'SelectExpression') {
    walk(lhs, scope);
    walk(test, within(scope, loopvar), true);
  } else walk(iterable, scope);
  walk(body, within(scope, loopvar, 'loop'));
  walk(defaultBlock, scope);
}

function walkSet({ assignee, value, body }: Node, walk: Walk, scope: Scope): void {
  walk([value, body], scope);
  const { type, object } = assignee as Node;
  if (type === 'MemberExpression') walk(object, scope);
  for (const name of namesOf(assignee)) scope.add(name);
}

function walkMacro({ name, args, body }: Node, walk: Walk, scope: Scope): void {
  for (const each of namesOf(name)) scope.add(each);
  for (const { type, value } of args as Node[]) if (type === 'KeywordArgumentExpression') walk(value, scope);
  walk(body, within(scope, args, 'caller'));
}

function walkCall({ call, callerArgs, body }: Node, walk: Walk, scope: Scope): void {
  walk(call, scope);
  walk(body, within(scope, callerArgs ?? []));
}

function walkFilter({ operand, filter }: Node, walk: Walk, scope: Scope, isTested: boolean): void {
  const { type, value, callee, args } = filter as Node;
  const name = type === 'CallExpression' ? (callee as Node)['value'] : value;
  walk(operand, scope, isTested || DEFAULTS.includes(name as string));
  walk(args, scope);
}

function walkFilterBlock({ filter, body }: Node, walk: Walk, scope: Scope): void {
  walk((filter as Node)['args'], scope);
  walk(body, scope);
}

function walkMember({ object, property, computed }: Node, walk: Walk, scope: Scope, isTested: boolean): void {
  walk(object, scope, isTested);
  if (computed) walk(property, scope);
}

function within(scope: Scope, ...names: unknown[]): Scope {
  return new Set([...scope, ...names.flatMap(namesOf)]);
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

import {
  type Document,
  type Node,
  type Pair,
  type YAMLMap,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
} from 'yaml';
import { suggestion } from '../nearest.js';

/** What is wrong at an offset of the text; `key`: the key that it is about. */
export interface DocumentFault {
  offset: number;
  message: string;
  key?: string;
}

/** Deeper than any pipeline file, and shallower than any recursion minds. */
const DEPTH_MAX = 64;
const ALIASES_MAX = 100;
/** Values after every alias has been replaced by what it stands for. */
const VALUES_MAX = 50_000;
const FAULTS_MAX = 20;

const TAGS = ['str', 'int', 'float', 'bool', 'null', 'map', 'seq'].map((name) => `tag:yaml.org,2002:${name}`);

/**
 * Finds what YAML allows and a pipeline file must not have: aliases that lead nowhere, into themselves or to millions of values,
 * keys that are no words or stand twice, tags, deep nesting. Takes one look at each value.
 */
export function documentFaults(document: Document): DocumentFault[] {
  const faults: DocumentFault[] = [];
  const { yaml } = document.directives ?? {};
  if (yaml?.explicit && yaml.version !== '1.2')
    faults.push({
      offset: 0,
      message: `found the directive %YAML ${yaml.version}, expected YAML 1.2; take the directive out`,
    });
  const walk: Walk = { faults, anchors: new Map(), aliases: 0 };
  const values = valuesIn(document.contents as Node | null, 0, walk);
  if (faults.length === 0 && values > VALUES_MAX)
    faults.push({
      offset: 0,
      message: `its aliases stand for ${Number.isFinite(values) ? values : 'countless'} values, expected at most ${VALUES_MAX}`,
    });
  return faults.slice(0, FAULTS_MAX);
}

interface Walk {
  faults: DocumentFault[];
  /** Anchor → the values below it; null while they are being counted. */
  anchors: Map<string, number | null>;
  aliases: number;
}

/** How many values a node stands for, its aliases replaced. */
function valuesIn(node: Node | null, depth: number, walk: Walk): number {
  if (!isNode(node) || walk.faults.length >= FAULTS_MAX) return 1;
  if (isAlias(node)) return valuesOfAlias(node.source, offsetOf(node), walk);
  const add = (message: string): void => void walk.faults.push({ offset: offsetOf(node), message });
  if (node.tag !== undefined && !TAGS.includes(node.tag))
    add(
      `found the tag ${shown(node.tag.replace('tag:yaml.org,2002:', '!!'))}, expected a plain value; take the tag out`,
    );
  if (isInexact(node))
    add(
      `found ${shown(node.source)}, which no number holds exactly: it would be ${node.value}; write a smaller one, or put it in quotes`,
    );
  if (depth > DEPTH_MAX) {
    add(`lists and maps are nested more than ${DEPTH_MAX} deep; expected a pipeline file`);
    return 1;
  }
  const { anchor } = node as { anchor?: string };
  if (anchor !== undefined) walk.anchors.set(anchor, null);
  // A long text counts as many.
  let values = isScalar(node) && typeof node.value === 'string' ? 1 + Math.floor(node.value.length / 100) : 1;
  if (isMap(node)) values += valuesInMap(node, depth, walk);
  else if (isSeq(node)) for (const item of node.items) values += valuesIn(item as Node, depth + 1, walk);
  if (anchor !== undefined) walk.anchors.set(anchor, values);
  return values;
}

/** A whole number beyond 2^53, written digit by digit. */
function isInexact(node: Node): node is Node & { value: number; source: string } {
  const { value, source } = node as { value?: unknown; source?: unknown };
  if (!isScalar(node) || typeof value !== 'number' || typeof source !== 'string') return false;
  return /^[-+]?(?:\d+|0[xo][0-9a-fA-F]+)$/.test(source) && !Number.isSafeInteger(value);
}

function valuesInMap(map: YAMLMap, depth: number, walk: Walk): number {
  const names = new Set<string>();
  let values = 0;
  for (const pair of map.items) {
    const name = nameOf(pair, map, walk);
    if (name !== null && names.has(name)) {
      const message = 'this key stands twice in one map, expected once; take one of them out';
      walk.faults.push({ offset: offsetOf(pair.key as Node), message, key: shown(name) });
    }
    if (name !== null) names.add(name);
    values += valuesIn(pair.value as Node | null, depth + 1, walk);
  }
  return values;
}

/** The name that a key is; null where it is none. */
function nameOf({ key, value }: Pair, map: YAMLMap, walk: Walk): string | null {
  const offset = offsetOf((isNode(key) ? key : isNode(value) ? value : map) as Node);
  const add = (message: string): null => (walk.faults.push({ offset, message }), null);
  if (!isScalar(key)) return add('found a list, a map or an alias as a key, expected a word');
  if (key.value === null)
    return add('found no key before the colon, expected a word; quote it if it is meant: "null"');
  const { anchor } = key as { anchor?: string };
  if (anchor !== undefined) walk.anchors.set(anchor, 1);
  const name = String(key.value);
  if (name === '<<' && key.type === 'PLAIN')
    return add(
      'found the merge key <<, which YAML 1.2 does not have; write the keys out, or name the whole map by an alias',
    );
  if (name === '__proto__')
    return add('found the key __proto__, which nothing may be called; choose another name');
  return name;
}

function valuesOfAlias(name: string, offset: number, walk: Walk): number {
  const add = (message: string): number => (walk.faults.push({ offset, message }), 1);
  const values = walk.anchors.get(name);
  if (values === undefined)
    return add(`no anchor before it is called &${shown(name)}; ${anchorAdvice(name, walk)}`);
  if (values === null)
    return add(`the alias *${shown(name)} stands inside of what it names, so it would never end`);
  if (++walk.aliases === ALIASES_MAX + 1)
    return add(`found more than ${ALIASES_MAX} aliases, expected fewer`);
  return values;
}

function anchorAdvice(name: string, { anchors }: Walk): string {
  if (anchors.size > 0) return suggestion(name, [...anchors.keys()]);
  return 'quote the text if it is meant to begin with a star: "*…"';
}

function offsetOf(node: Node): number {
  return node.range?.[0] ?? 0;
}

/** A name of the file, short and without anything that a terminal would obey. */
function shown(name: string): string {
  const text = name.length > 60 ? `${name.slice(0, 57)}...` : name;
  return JSON.stringify(text).slice(1, -1);
}

import { type Document, type Node, isMap, isNode, isPair, isScalar, visit } from 'yaml';
import { type ErrorCode, PipelineProblems, type Position, ScaleQuestError, visible } from '../errors.js';
import { type AppliedOverride, type Override, applyOverride } from './yaml/applyOverride.js';
import { fillVariables } from './yaml/fillVariables.js';
import { briefly } from './yaml/briefly.js';
import { parseYaml } from './yaml/parseYaml.js';

export type { Override } from './yaml/applyOverride.js';

export type KeyPath = readonly (string | number)[];

/** A parsed pipeline file that remembers the position of every key and value. */
export interface PipelineDocument {
  file: string;
  text: string;
  value: Readonly<Record<string, unknown>>;
  /** What the environment filled in, by the names of its variables, but for those of `publicEnv`. */
  filled: ReadonlyMap<string, string>;
  /** A mistake for each use of a variable that is not set; the value there keeps its `${NAME}`. */
  unset: readonly ScaleQuestError[];
  /** Position of the value at a key path, or of its nearest parent that exists. */
  at(path: KeyPath): Position;
  /** Position of the key itself, for keys that should not be there. */
  atKey(path: KeyPath): Position;
  /** Whether a variable stands in the text at a key path. */
  hasVariable(path: KeyPath): boolean;
}

/** A mistake in a file. Names of the file in the message are shown without anything that a terminal would obey, and not for pages. */
export function problem(code: ErrorCode, at: Position, message: string): ScaleQuestError {
  return new ScaleQuestError(code, harmless(message), { at });
}

const MESSAGE_CHARS_MAX = 2000;

function harmless(message: string): string {
  const short = message.length > MESSAGE_CHARS_MAX ? `${message.slice(0, MESSAGE_CHARS_MAX)}…` : message;
  return visible(short);
}

/** All mistakes of a document. What a check says of a value whose variable is not set follows from that, and is left out. */
export function allProblems(
  { unset }: Pick<PipelineDocument, 'unset'>,
  found: readonly ScaleQuestError[],
): ScaleQuestError[] {
  const placeOf = ({ at }: ScaleQuestError): string => `${at?.file}:${at?.line}:${at?.column}`;
  const places = new Set(unset.map(placeOf));
  return [...unset, ...found.filter((each) => each.at === undefined || !places.has(placeOf(each)))];
}

/** What all variables of a file may hold together. */
const FILLED_CHARS_MAX = 1 << 20;

/**
 * Parses YAML 1.2 and fills in `${NAME}` and `${NAME:-default}` inside strings from `env`. `stays` names values,
 * by the keys above them, that keep their `${NAME}` because their reader fills it in; an unset variable is a mistake there too.
 * Throws PipelineProblems for a text that is no map of keys in sound YAML.
 */
export function parsePipelineDocument(
  file: string,
  text: string,
  env: Readonly<Record<string, string | undefined>>,
  overrides: readonly Override[] = [],
  stays: (keys: readonly string[]) => boolean = () => false,
): PipelineDocument {
  const { document, positionAt, problems } = parseYaml(file, text);
  if (problems.length > 0) throw new PipelineProblems(problems);
  if (!isMap(document.contents)) throw new PipelineProblems([noMap(file, plainValue(document))]);
  const set = overrides.map((each) => applyOverride(document, each));
  // Taken before the environment is filled in, so that its values are not written into the run folder.
  const changedText = overrides.length > 0 ? String(document) : text;
  const filled = new Map<string, string>();
  const unset: ScaleQuestError[] = [];
  let filledChars = 0;

  function positionOf(node: Node, name: string): Position {
    const override = node.range ? undefined : set.find(({ value }) => value.includes(`\${${name}`));
    return override?.position ?? positionAt(node.range?.[0] ?? 0);
  }
  function valueOf(node: Node, name: string, fallback: string | undefined): string {
    const given = Object.hasOwn(env, name) ? env[name] : undefined;
    if (given) filled.set(name, given);
    const value = given ?? fallback;
    if (value === undefined) {
      const todo = `set it, or give a default: \${${name}:-value}`;
      const message = `the environment variable ${name} is not set; ${todo}`;
      unset.push(problem('ERR_PIPELINE_INVALID', positionOf(node, name), message));
      return `\${${name}}`;
    }
    filledChars += value.length;
    if (filledChars <= FILLED_CHARS_MAX) return value;
    const message = `the variables of this file hold more than ${FILLED_CHARS_MAX} characters together, expected less`;
    throw new PipelineProblems([problem('ERR_PIPELINE_INVALID', positionOf(node, name), message)]);
  }
  const hasVariables = changedText.includes('${');
  visit(hasVariables ? document : null, {
    Scalar(role, node, above) {
      if (typeof node.value !== 'string' || !node.value.includes('${')) return;
      const text = fillVariables(node.value, ({ name, fallback }) => valueOf(node, name, fallback));
      if (!stays(keysOf(above).slice(0, role === 'key' ? -1 : undefined))) node.value = text;
    },
  });

  const value = plainValue(document) as Record<string, unknown>;
  const { publicEnv } = value;
  if (Array.isArray(publicEnv)) for (const name of publicEnv) filled.delete(name as string);
  return {
    file,
    text: changedText,
    value,
    filled,
    unset,
    ...positionsIn(file, document, set, positionAt),
  };
}

/** Aliases are bounded already. */
function plainValue(document: Document): unknown {
  return document.toJS({ maxAliasCount: -1 });
}

function noMap(file: string, value: unknown): ScaleQuestError {
  const found = value === null ? 'nothing' : briefly(value);
  const message = `found ${found}, expected a map of keys, as \`name: my-set\` and \`steps:\` with a list below it`;
  return problem('ERR_PIPELINE_INVALID', { file, line: 1, column: 1 }, message);
}

function keysOf(above: readonly unknown[]): string[] {
  return above.filter(isPair).map(({ key }) => String(isScalar(key) ? key.value : key));
}

/** Positions of values and keys: in the file, or on the command line. */
function positionsIn(
  file: string,
  document: Document,
  set: readonly AppliedOverride[],
  positionAt: (offset: number, key?: string) => Position,
): Pick<PipelineDocument, 'at' | 'atKey' | 'hasVariable'> {
  /** The position of a value that the command line has set, or of a part of one: the last flag that set it. */
  function positionSet(path: KeyPath): Position | undefined {
    const override = set.findLast(({ keys }) => keys.every((key, depth) => path[depth] === key));
    return override && { ...override.position, key: keyText(path) };
  }

  function at(path: KeyPath): Position {
    const onCommandLine = positionSet(path);
    if (onCommandLine) return onCommandLine;
    for (let depth = path.length; depth >= 0; depth--) {
      const node = depth === 0 ? document.contents : document.getIn(path.slice(0, depth), true);
      if (isNode(node) && node.range) return positionAt((node as Node).range![0], keyText(path));
    }
    return { file, line: 1, column: 1, key: keyText(path) };
  }

  function atKey(path: KeyPath): Position {
    const onCommandLine = positionSet(path);
    if (onCommandLine) return onCommandLine;
    const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
    const key = path.at(-1);
    if (!isMap(parent)) return at(path);
    const pair = parent.items.find((item) => isScalar(item.key) && item.key.value === key);
    const offset = isScalar(pair?.key) ? pair.key.range?.[0] : undefined;
    return offset === undefined ? at(path) : positionAt(offset, keyText(path));
  }

  function hasVariable(path: KeyPath): boolean {
    const node = document.getIn(path, true);
    return isScalar(node) && typeof node.source === 'string' && node.source.includes('${');
  }

  return { at, atKey, hasVariable };
}

const KEY_CHARS_MAX = 200;

function keyText(path: KeyPath): string | undefined {
  if (path.length === 0) return undefined;
  const text = path.join('.');
  // As JSON has it, without anything that a terminal would obey.
  const shown = JSON.stringify(text.length > KEY_CHARS_MAX ? `${text.slice(0, KEY_CHARS_MAX)}...` : text);
  return visible(shown.slice(1, -1));
}

/** Whether a value of a YAML file is a mapping. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

/** Whether a file is a chain of pipelines, by its keys. A text that is not YAML is none. */
export function isChainText(text: string): boolean {
  // Few files are chains, and parsing a file twice is a large part of its check.
  if (!text.includes('links')) return false;
  const { document, problems } = parseYaml('', text);
  return problems.length === 0 && isMap(document.contents) && document.has('links') && !document.has('steps');
}

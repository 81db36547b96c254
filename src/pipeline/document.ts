import {
  type Document,
  LineCounter,
  type Node,
  type YAMLMap,
  type YAMLSeq,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  parse,
  parseDocument,
  visit,
} from 'yaml';
import { type ErrorCode, PipelineProblems, type Position, ScaleQuestError } from '../errors.js';

export type KeyPath = readonly (string | number)[];

/** A parsed pipeline file that remembers the position of every key and value. */
export interface PipelineDocument {
  file: string;
  text: string;
  value: unknown;
  /** What the environment filled in, by the names of its variables. */
  filled: ReadonlyMap<string, string>;
  /** Position of the value at a key path, or of its nearest parent that exists. */
  at(path: KeyPath): Position;
  /** Position of the key itself, for keys that should not be there. */
  atKey(path: KeyPath): Position;
}

export function problem(code: ErrorCode, at: Position, message: string): ScaleQuestError {
  return new ScaleQuestError(code, message, { at });
}

/** One value changed from outside the file, read as YAML. */
export interface Override {
  path: readonly string[];
  value: string;
}

const SYNTAX_ERRORS_MAX = 3;

/**
 * Parses YAML 1.2 and fills in `${NAME}` and `${NAME:-default}` inside strings from `env`. `stays` names values,
 * by the keys above them, that keep their `${NAME}` because their reader fills it in; an unset variable is a mistake there too.
 */
export function parsePipelineDocument(
  file: string,
  text: string,
  env: Readonly<Record<string, string | undefined>>,
  overrides: readonly Override[] = [],
  stays: (keys: readonly string[]) => boolean = () => false,
): PipelineDocument {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });

  function positionAt(offset: number, key?: string): Position {
    const { line, col } = lines.linePos(offset);
    return { file, line, column: col, key };
  }

  // What follows the first few is mostly their consequence.
  const problems = document.errors
    .slice(0, SYNTAX_ERRORS_MAX)
    .map(({ pos, message }) =>
      problem('ERR_PIPELINE_SYNTAX', positionAt(pos[0]), `${firstLine(message)}; expected valid YAML`),
    );
  const set = problems.length > 0 ? [] : overrides.map((each) => setAt(document, each));
  // Taken before the environment is filled in, so that its values are not written into the run folder.
  const changedText = overrides.length > 0 && problems.length === 0 ? String(document) : text;
  const filledIn = new Map<string, string>();
  visit(document, {
    Scalar(role, node, above) {
      if (typeof node.value !== 'string' || !node.value.includes('${')) return;
      const text = node.value.replace(
        /\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}/g,
        (_match, name, fallback) => {
          const filled = env[name] ?? fallback;
          if (filled === undefined) {
            const override = node.range ? undefined : set.find(({ value }) => value.includes(`\${${name}`));
            const at = override?.position ?? positionAt(node.range?.[0] ?? 0);
            const todo = `set it, or give a default: \${${name}:-value}`;
            problems.push(
              problem('ERR_PIPELINE_INVALID', at, `the environment variable ${name} is not set; ${todo}`),
            );
          }
          if (env[name]) filledIn.set(name, env[name]);
          return filled ?? '';
        },
      );
      if (!stays(keysOf(above).slice(0, role === 'key' ? -1 : undefined))) node.value = text;
    },
  });
  if (problems.length > 0) throw new PipelineProblems(problems);

  return {
    file,
    text: changedText,
    value: document.toJS({ maxAliasCount: 100 }),
    filled: filledIn,
    ...positionsIn(file, document, set, positionAt),
  };
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
): Pick<PipelineDocument, 'at' | 'atKey'> {
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

  return { at, atKey };
}

/** `steps.respond.n`: steps by label or operator, or as `steps.3.respond.n`; whole numbers are positions in lists. */
function setAt(document: Document, { path, value }: Override): AppliedOverride {
  const keys: (string | number)[] = [];
  for (const key of path) {
    const parent = keys.length === 0 ? document.contents : document.getIn(keys, true);
    if (!isSeq(parent)) keys.push(key);
    else if (/^\d+$/.test(key) && Number(key) < parent.items.length) keys.push(Number(key));
    else keys.push(...stepNamed(parent, key, keys.length === 1 && keys[0] === 'steps', path, value));
  }
  try {
    document.setIn(keys, document.createNode(parse(value)));
  } catch (error) {
    throw overrideFault(path, value, firstLine((error as Error).message));
  }
  return { keys, value, position: { file: `--set ${path.join('.')}=${value}` } };
}

/** A value that the command line has set, and the position that mistakes in it name. */
interface AppliedOverride {
  keys: readonly (string | number)[];
  value: string;
  position: Position;
}

const OF_ANY_STEP = ['label', 'enabled'];

/** The position of a step and, unless something of every step is meant, its operator. */
function stepNamed(
  list: YAMLSeq,
  name: string,
  isSteps: boolean,
  path: readonly string[],
  value: string,
): (string | number)[] {
  const names = isSteps ? list.items.map((item) => (isMap(item) ? stepNames(item) : [])) : [];
  const index = names.findIndex((known) => known.includes(name));
  if (index < 0) {
    const known = isSteps ? `, or one of: ${names.map(([first]) => first).join(', ')}` : '';
    const message = `found ${name}, expected a position from 0 to ${list.items.length - 1}${known}`;
    throw overrideFault(path, value, message);
  }
  return OF_ANY_STEP.includes(path[2] ?? '') ? [index] : [index, names[index]!.at(-1)!];
}

/** Its label, if it has one, and its operator. */
function stepNames(item: YAMLMap): string[] {
  const label = item.get('label');
  const keys = item.items.map(({ key }) => String(isScalar(key) ? key.value : key));
  const operator = keys.filter((key) => !OF_ANY_STEP.includes(key));
  return [...(typeof label === 'string' ? [label] : []), ...operator.slice(0, 1)];
}

function overrideFault(path: readonly string[], value: string, message: string): ScaleQuestError {
  return new ScaleQuestError('ERR_USAGE', `--set ${path.join('.')}=${value}: ${message}`);
}

function keyText(path: KeyPath): string | undefined {
  return path.length > 0 ? path.join('.') : undefined;
}

function firstLine(message: string): string {
  return message.split('\n')[0]!.replace(/[.:]$/, '');
}

/** Whether a value of a YAML file is a mapping. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

/** Whether a file is a chain of pipelines, by its keys. A text that is not YAML is none. */
export function isChainText(text: string): boolean {
  // Few files are chains, and parsing a file twice is a large part of its check.
  if (!text.includes('links')) return false;
  try {
    const value: unknown = parse(text);
    return value !== null && typeof value === 'object' && 'links' in value && !('steps' in value);
  } catch {
    return false;
  }
}

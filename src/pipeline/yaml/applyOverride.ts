import { type Document, type YAMLMap, type YAMLSeq, isMap, isScalar, isSeq, parse } from 'yaml';
import { type Position, ScaleQuestError, visible } from '../../errors.js';
import { firstLine } from './parseYaml.js';

/** One value changed from outside the file, read as YAML. */
export interface Override {
  path: readonly string[];
  value: string;
}

/** A value that the command line has set, and the position that mistakes in it name. */
export interface AppliedOverride {
  keys: readonly (string | number)[];
  value: string;
  position: Position;
}

/**
 * No value takes the key out. `steps.respond.n`: steps by label or operator, or as `steps.3.respond.n`; whole numbers are
 * positions in lists.
 */
export function applyOverride(document: Document, { path, value }: Override): AppliedOverride {
  const keys: (string | number)[] = [];
  for (const key of path) {
    const parent = keys.length === 0 ? document.contents : document.getIn(keys, true);
    if (!isSeq(parent)) keys.push(key);
    else if (/^\d+$/.test(key) && Number(key) < parent.items.length) keys.push(Number(key));
    else keys.push(...stepNamed(parent, key, keys.length === 1 && keys[0] === 'steps', path, value));
  }
  try {
    if (value.trim() === '') document.deleteIn(keys);
    else document.setIn(keys, document.createNode(parse(value, PARSING)));
  } catch (error) {
    throw overrideFault(path, value, firstLine((error as Error).message));
  }
  return { keys, value, position: { file: `--set ${path.join('.')}=${value}` } };
}

/** As files are read. */
const PARSING = { schema: 'core', merge: false, prettyErrors: false, logLevel: 'error' } as const;

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
  return new ScaleQuestError('ERR_USAGE', visible(`--set ${path.join('.')}=${value}: ${message}`));
}

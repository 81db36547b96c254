import type { z } from 'zod';
import type { ScaleQuestError } from '../../errors.js';
import { type KeyPath, type PipelineDocument, problem } from '../document.js';
import { suggestion } from '../nearest.js';
import { own } from '../own.js';
import { briefly } from '../yaml/briefly.js';
import { synonymOf } from './synonyms.js';

/** Of more mistakes in one place, the first tell enough. */
const MISTAKES_MAX = 20;

/**
 * Parses a part of a pipeline file. Every mistake becomes a problem with its position, what was found, what was expected and the
 * nearest right name. Returns undefined if there is a mistake.
 */
export function parseAt<Schema extends z.ZodType>(
  document: PipelineDocument,
  path: KeyPath,
  schema: Schema,
  value: unknown,
  problems: ScaleQuestError[],
): z.output<Schema> | undefined {
  const result = schema.safeParse(value, { reportInput: true });
  if (result.success) return result.data;
  const { issues } = result.error;
  const found = issues
    .slice(0, MISTAKES_MAX)
    .flatMap((issue) => explainIssue(document, path, schema, value, issue))
    .filter(isFirst());
  const listed = found.slice(0, MISTAKES_MAX);
  problems.push(...listed);
  const more =
    found.length - listed.length + Math.max(0, issues.length - MISTAKES_MAX) + unlistedKeys(issues);
  if (more > 0)
    problems.push(problem('ERR_PIPELINE_INVALID', document.at(path), `and ${more} more mistakes like these`));
  return undefined;
}

/** Two checks of a schema may find the same. */
function isFirst(): (problem: ScaleQuestError) => boolean {
  const seen = new Set<string>();
  return ({ message }) => !seen.has(message) && Boolean(seen.add(message));
}

function unlistedKeys(issues: readonly z.core.$ZodIssue[]): number {
  const keys = issues.slice(0, MISTAKES_MAX).map((issue) => ('keys' in issue ? issue.keys.length : 0));
  return keys.reduce((sum, count) => sum + Math.max(0, count - MISTAKES_MAX), 0);
}

function explainIssue(
  document: PipelineDocument,
  base: KeyPath,
  schema: z.ZodType,
  value: unknown,
  issue: z.core.$ZodIssue,
): ScaleQuestError[] {
  const path = [...base, ...(issue.path as (string | number)[])];
  if (issue.code === 'unrecognized_keys') {
    // An operator of others has a JSON Schema, which zod cannot be asked for its keys.
    const { known = keysAt(schema, issue.path as (string | number)[]) } = issue as { known?: string[] };
    return issue.keys
      .slice(0, MISTAKES_MAX)
      .map((key) =>
        problem(
          'ERR_PIPELINE_INVALID',
          document.atKey([...path, key]),
          `unknown key; ${meantKey(key, known)}`,
        ),
      );
  }
  if (issue.code === 'invalid_union' && typeof issue.discriminator === 'string') {
    const { discriminator: key } = issue;
    const values = discriminatorsAt(schema, path.slice(base.length, -1), key);
    const given = (issue.input as Record<string, unknown> | undefined)?.[key];
    const hint =
      typeof given === 'string' ? suggestion(given, values) : `expected one of: ${values.join(', ')}`;
    return [problem('ERR_PIPELINE_INVALID', document.at(path), `found ${briefly(given)}, ${hint}`)];
  }
  if (issue.code === 'invalid_key') {
    const messages = issue.issues.map(({ message: said }) => said);
    const key = briefly(issue.path.at(-1));
    return [
      problem('ERR_PIPELINE_INVALID', document.atKey(path), `found the name ${key}, ${messages.join(', ')}`),
    ];
  }
  const found = issue.code === 'custom' ? valueAt(value, issue.path) : issue.input;
  const example = isMapWanted(issue) ? mapExample(schema, issue.path as KeyPath) : '';
  const message = `found ${shownValue(found, path)}, ${expected(issue, document.hasVariable(path))}${example}`;
  return [problem('ERR_PIPELINE_INVALID', document.at(path), message)];
}

/** Somebody who writes a value alone means one of the keys of the map that belongs there. */
function isMapWanted(issue: z.core.$ZodIssue): boolean {
  return (
    issue.code === 'invalid_type' &&
    issue.expected === 'object' &&
    ['string', 'number'].includes(typeof issue.input)
  );
}

/** The map with the keys that it must have, as `{ path: … }`; empty where the schema asks for none. */
function mapExample(schema: z.ZodType, path: KeyPath): string {
  const [shape = {}] = nodesAt(schema, path).flatMap(({ shape: known }) => (known ? [known] : []));
  const wanted = Object.entries(shape).filter(([, value]) => !isLeftOut((value as z.ZodType).def.type));
  if (wanted.length === 0) return '';
  return `, as \`{ ${wanted.map(([key]) => `${key}: …`).join(', ')} }\``;
}

const isLeftOut = (type: string): boolean => ['optional', 'default', 'prefault'].includes(type);

/** What somebody has put into the file in the place of a variable's name, or into a url, may be a key. */
function shownValue(found: unknown, path: KeyPath): string {
  if (path.at(-1) === 'apiKeyEnv' && typeof found === 'string') return 'a text that is no name';
  return briefly(found).replace(/\/\/[^/"\s]*@/g, '//…@');
}

/** What a refinement of a whole object finds wrong is the value of one of its keys. */
function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((inner, key) => {
    const isThere = typeof inner === 'object' && inner !== null;
    return isThere ? own(inner as Readonly<Record<PropertyKey, unknown>>, key) : undefined;
  }, value);
}

/** Another program's name for one of the keys, or the nearest of them. */
function meantKey(key: string, known: readonly string[]): string {
  const synonym = synonymOf(key, known);
  return synonym === null ? suggestion(key, known) : `did you mean "${synonym}"?`;
}

function expected(issue: z.core.$ZodIssue, hasVariable: boolean): string {
  switch (issue.code) {
    case 'invalid_type':
      return `expected ${article(issue.expected)}${writingAdvice(issue.expected, issue.input, hasVariable)}`;
    case 'invalid_value': {
      const values = issue.values.map(String);
      return typeof issue.input === 'string'
        ? suggestion(issue.input, values)
        : `expected one of: ${values.join(', ')}`;
    }
    case 'too_small':
      return `expected ${sized(issue.origin, issue.inclusive ? 'at least' : 'more than', issue.minimum)}`;
    case 'too_big':
      return `expected ${sized(issue.origin, issue.inclusive ? 'at most' : 'less than', issue.maximum)}`;
    default: {
      const message = issue.message.replaceAll('Invalid input: ', '');
      if (message === 'Invalid input') return 'expected another kind of value';
      return message.startsWith('expected') ? message : `expected otherwise: ${message}`;
    }
  }
}

/** YAML 1.2 takes for a text what a user may have meant as something else, and the other way round. */
function writingAdvice(type: string, input: unknown, hasVariable: boolean): string {
  if (type === 'string' && ['number', 'boolean'].includes(typeof input)) return '; put it in quotes';
  if (typeof input !== 'string') return '';
  if (type === 'array') return '; put it in brackets, also if it is one: [ … ]';
  if (hasVariable) return '; a variable fills in a text: give any other value by --set';
  const text = input.trim();
  if (type === 'boolean' && /^(yes|no|on|off|y|n|true|false)$/i.test(text))
    return `; write ${/^(yes|on|y|true)$/i.test(text) ? 'true' : 'false'}, without quotes`;
  const digits = text.length > 40 ? '' : text.replaceAll(/[_',\s]/g, '');
  if (!['int', 'number'].includes(type) || !/^[+-]?\d+(\.\d+)?$/.test(digits)) return '';
  return `; write ${digits}, without quotes and separators`;
}

function sized(origin: string, comparison: string, bound: number | bigint): string {
  if (origin === 'array' || origin === 'set') return `${comparison} ${bound} item${bound === 1 ? '' : 's'}`;
  if (origin === 'string') return `${comparison} ${bound} character${bound === 1 ? '' : 's'}`;
  return `${comparison} ${bound}`;
}

function article(type: string): string {
  const names: ReadonlyMap<string, string> = new Map([
    ['object', 'a map of keys'],
    ['array', 'a list'],
    ['int', 'a whole number'],
    ['record', 'a map of keys'],
  ]);
  return names.get(type) ?? `a ${type}`;
}

/** The keys that the schema knows at a path, looking through defaults, refinements and unions. */
function keysAt(schema: z.ZodType, path: readonly (string | number)[]): string[] {
  return [...new Set(nodesAt(schema, path).flatMap((node) => Object.keys(node.shape ?? {})))];
}

/** The values that the discriminating key of a union may have. */
function discriminatorsAt(schema: z.ZodType, path: readonly (string | number)[], key: string): string[] {
  return nodesAt(schema, path).flatMap(({ shape }) => {
    const { values } = (shape?.[key] as { def?: { values?: unknown[] } } | undefined)?.def ?? {};
    return (values ?? []).map(String);
  });
}

interface Inner {
  shape?: Record<string, unknown>;
  element?: unknown;
  valueType?: unknown;
}

function nodesAt(schema: z.ZodType, path: readonly (string | number)[]): Inner[] {
  let nodes = unwrap(schema);
  for (const key of path) {
    nodes = nodes.flatMap(({ shape, element, valueType }) => unwrap(shape?.[key] ?? element ?? valueType));
  }
  return nodes;
}

/** The schemas inside defaults and refinements; for a union, each member. */
function unwrap(node: unknown): Inner[] {
  const def = (
    node as { def?: { innerType?: unknown; in?: unknown; options?: unknown[] } & Inner } | undefined
  )?.def;
  if (def?.innerType) return unwrap(def.innerType);
  if (def?.in) return unwrap(def.in);
  if (def?.options) return def.options.flatMap(unwrap);
  return def ? [def] : [];
}

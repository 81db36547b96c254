import type { z } from 'zod';
import type { ScaleQuestError } from '../../errors.js';
import { type KeyPath, type PipelineDocument, problem } from '../document.js';
import { suggestion } from '../nearest.js';

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
  for (const issue of result.error.issues) problems.push(...explainIssue(document, path, schema, issue));
  return undefined;
}

function explainIssue(
  document: PipelineDocument,
  base: KeyPath,
  schema: z.ZodType,
  issue: z.core.$ZodIssue,
): ScaleQuestError[] {
  const path = [...base, ...(issue.path as (string | number)[])];
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(schema, issue.path as (string | number)[]);
    return issue.keys.map((key) =>
      problem(
        'ERR_PIPELINE_INVALID',
        document.atKey([...path, key]),
        `unknown key; ${suggestion(key, known)}`,
      ),
    );
  }
  if (issue.code === 'invalid_union' && typeof issue.discriminator === 'string') {
    const { discriminator: key } = issue;
    const values = discriminatorsAt(schema, path.slice(base.length, -1), key);
    const given = (issue.input as Record<string, unknown> | undefined)?.[key];
    const hint =
      typeof given === 'string' ? suggestion(given, values) : `expected one of: ${values.join(', ')}`;
    return [problem('ERR_PIPELINE_INVALID', document.at(path), `found ${found(given)}, ${hint}`)];
  }
  const message = `found ${found(issue.input)}, ${expected(issue)}`;
  return [problem('ERR_PIPELINE_INVALID', document.at(path), message)];
}

function found(input: unknown): string {
  if (input === undefined) return 'nothing';
  const text = JSON.stringify(input) ?? String(input);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

function expected(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `expected ${article(issue.expected)}`;
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
      return message.startsWith('expected') ? message : `expected otherwise: ${message}`;
    }
  }
}

function sized(origin: string, comparison: string, bound: number | bigint): string {
  if (origin === 'array' || origin === 'set') return `${comparison} ${bound} item${bound === 1 ? '' : 's'}`;
  if (origin === 'string') return `${comparison} ${bound} character${bound === 1 ? '' : 's'}`;
  return `${comparison} ${bound}`;
}

function article(type: string): string {
  const names: Record<string, string> = {
    object: 'a map of keys',
    array: 'a list',
    int: 'a whole number',
    record: 'a map of keys',
  };
  return names[type] ?? `a ${type}`;
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

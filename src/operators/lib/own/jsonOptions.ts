import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import type { z } from 'zod';
import { type Pattern, compilePattern, patternFault } from '../../../text/pattern.js';
import type { JsonSchema } from '../structured/schemaColumns.js';

/**
 * A mistake in options that a JSON Schema describes, as zod has it, so that it is told as a mistake in options of our own. `known`: the
 * keys that the map has.
 */
export type OptionsIssue = z.core.$ZodRawIssue & { known?: readonly string[] };

/** Reads options by a JSON Schema: with its defaults filled in, or what is wrong with them. */
export type ReadOptions = (value: unknown) => { value: unknown } | { issues: OptionsIssue[] };

/** It compiles the draft's own schemas at its first use. */
let shared: Ajv2020 | null = null;

/** Compiles the JSON Schema (draft 2020-12) of an operator's options. Throws an Error that says where it is none. */
export function compileJsonOptions(schema: JsonSchema): ReadOptions {
  shared ??= new Ajv2020({
    ...{ strict: false, logger: false, allErrors: true, validateFormats: false, verbose: true },
    useDefaults: true,
    code: { regExp: linearPattern },
  });
  let validate: ValidateFunction;
  try {
    validate = shared.compile(schema);
  } finally {
    // It would keep each schema for ever, and refuse another one of the same `$id`.
    shared.removeSchema(schema);
  }
  return (given) => {
    // Defaults are written into what is checked.
    const value = structuredClone(given);
    if (validate(value)) return { value };
    return { issues: issuesOf(validate.errors ?? []) };
  };
}

/**
 * A stranger's pattern is read in linear time. One that RE2 does not know (with look-arounds) is not looked at here: the operator's own
 * schema does when it runs.
 */
const linearPattern = Object.assign(
  (pattern: string): { test: Pattern; toString: () => string } => ({
    test: patternFault(pattern) === null ? compilePattern(pattern) : () => true,
    // ajv tells patterns apart by it.
    toString: () => pattern,
  }),
  { code: 'linearPattern' },
);

function issuesOf(errors: readonly ErrorObject[]): OptionsIssue[] {
  const alternatives = errors.filter(({ keyword }) => keyword === 'anyOf' || keyword === 'oneOf');
  // What each form lacks says less than that none of them fits.
  const isPart = ({ schemaPath }: ErrorObject): boolean =>
    alternatives.some((each) => schemaPath.startsWith(`${each.schemaPath}/`));
  const told = errors.filter((error) => !isPart(error) && !ENVELOPES.has(error.keyword));
  return (told.length > 0 ? told : errors).map(issueOf);
}

/** Keywords that fail because one inside of them does. */
const ENVELOPES: ReadonlySet<string> = new Set(['if', 'allOf', '$ref']);

function issueOf({
  instancePath,
  keyword,
  params,
  data,
  parentSchema = {},
  message = '',
}: ErrorObject): OptionsIssue {
  const path = pathOf(instancePath);
  const properties = (parentSchema['properties'] ?? {}) as Record<string, JsonSchema>;
  const all = params as Record<string, unknown>;
  switch (keyword) {
    case 'additionalProperties':
    case 'unevaluatedProperties': {
      const key = String(all['additionalProperty'] ?? all['unevaluatedProperty']);
      return issue({
        code: 'unrecognized_keys',
        keys: [key],
        path,
        input: data,
        known: Object.keys(properties),
      });
    }
    case 'required': {
      const key = String(all['missingProperty']);
      const { type } = Object.hasOwn(properties, key) ? properties[key]! : {};
      return issue({
        code: 'invalid_type',
        expected: wordOf(type),
        path: [...path, key],
        input: undefined,
      });
    }
    case 'type':
      return issue({ code: 'invalid_type', expected: wordOf(all['type']), path, input: data });
    case 'enum':
      return issue({ code: 'invalid_value', values: all['allowedValues'], path, input: data });
    case 'const':
      return issue({ code: 'invalid_value', values: [all['allowedValue']], path, input: data });
    case 'anyOf':
    case 'oneOf':
      return issue({
        code: 'custom',
        message: `expected ${formsText(parentSchema[keyword])}`,
        path,
        input: data,
      });
    default:
      return sizeIssue(keyword, all['limit'], path, data) ?? custom(message, path, data);
  }
}

function custom(message: string, path: (string | number)[], input: unknown): OptionsIssue {
  return issue({ code: 'custom', message: message.replace(/^must /, 'expected to '), path, input });
}

const SIZES: ReadonlyMap<string, { code: string; origin: string; inclusive: boolean }> = new Map(
  Object.entries({
    minimum: { code: 'too_small', origin: 'number', inclusive: true },
    exclusiveMinimum: { code: 'too_small', origin: 'number', inclusive: false },
    maximum: { code: 'too_big', origin: 'number', inclusive: true },
    exclusiveMaximum: { code: 'too_big', origin: 'number', inclusive: false },
    minLength: { code: 'too_small', origin: 'string', inclusive: true },
    maxLength: { code: 'too_big', origin: 'string', inclusive: true },
    minItems: { code: 'too_small', origin: 'array', inclusive: true },
    maxItems: { code: 'too_big', origin: 'array', inclusive: true },
  }),
);

function sizeIssue(
  keyword: string,
  limit: unknown,
  path: (string | number)[],
  input: unknown,
): OptionsIssue | null {
  const size = SIZES.get(keyword);
  if (!size) return null;
  const { code, origin, inclusive } = size;
  return issue({
    ...{ code, origin, inclusive, path, input },
    [code === 'too_small' ? 'minimum' : 'maximum']: limit,
  });
}

function issue(parts: Record<string, unknown>): OptionsIssue {
  return parts as unknown as OptionsIssue;
}

/** A type of JSON Schema in zod's word, which messages have words for. */
function wordOf(type: unknown): string {
  if (type === 'integer') return 'int';
  return typeof type === 'string' ? type : 'value';
}

const TYPE_WORDS: ReadonlyMap<unknown, string> = new Map([
  ['object', 'a map of keys'],
  ['array', 'a list'],
  ['integer', 'a whole number'],
  ['null', 'null'],
  ['boolean', 'true or false'],
]);

/** What forms a value may have, as `a string or a whole number`. */
function formsText(forms: unknown): string {
  const words = (Array.isArray(forms) ? forms : []).map((form: JsonSchema) => {
    const { const: only, enum: listed, type } = form;
    if (only !== undefined) return JSON.stringify(only);
    if (Array.isArray(listed)) return listed.map((each) => JSON.stringify(each)).join(', ');
    return typeof type === 'string' ? (TYPE_WORDS.get(type) ?? `a ${type}`) : null;
  });
  if (words.length === 0 || words.includes(null)) return 'another kind of value';
  return [...new Set(words)].join(' or ');
}

/** `/columns/0/name` → `columns`, 0, `name`. */
function pathOf(pointer: string): (string | number)[] {
  return pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((part) => (/^\d{1,9}$/.test(part) ? Number(part) : part));
}

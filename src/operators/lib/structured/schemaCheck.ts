import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import type { JsonSchema, SchemaFault } from './schemaColumns.js';

/** What is wrong with a value, in words; null if it fits the schema. */
export type SchemaCheck = (value: unknown) => string | null;

const FAULTS_MAX = 5;

/** It compiles the draft's own schemas at its first use, which costs more than any schema of a pipeline. */
let shared: Ajv2020 | null = null;

/** Compiles a JSON Schema of draft 2020-12. Throws an Error that says where it is none. */
export function compileSchemaCheck(schema: JsonSchema): SchemaCheck {
  shared ??= newAjv();
  try {
    const validate: ValidateFunction = shared.compile(schema);
    return (value) => (validate(value) ? null : faultsText(validate.errors ?? []));
  } finally {
    // It would keep each schema for ever, and refuse another one of the same `$id`.
    shared.removeSchema(schema);
  }
}

/** `format` and keywords of other vocabularies are notes: they refuse nothing. Nothing is printed. */
function newAjv(): Ajv2020 {
  return new Ajv2020({ strict: false, logger: false, allErrors: true, validateFormats: false });
}

const SCHEMA_FAULTS_MAX = 2;

/**
 * Where a text is no JSON Schema, as keys that lead there, and what belongs there: the first two places. The draft's own schema consists
 * of parts, each of which says of one mistake the same, and of a type what it is not in each of its forms.
 */
export function schemaFaults(schema: JsonSchema): SchemaFault[] {
  shared ??= newAjv();
  if (shared.validateSchema(schema)) return [];
  const errors = shared.errors ?? [];
  const places = [...new Set(errors.map(({ instancePath }) => instancePath))];
  // A mistake within a list is one of the list too.
  const deepest = places.filter((place) => !places.some((other) => other.startsWith(`${place}/`)));
  return deepest.slice(0, SCHEMA_FAULTS_MAX).map((place) => {
    const found = errors.filter(({ instancePath }) => instancePath === place);
    return { at: keysOf(place), message: schemaFaultText(found) };
  });
}

function keysOf(pointer: string): string[] {
  const keys = pointer.split('/').slice(1);
  return keys.map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function schemaFaultText(errors: readonly ErrorObject[]): string {
  // Of all keywords `type` alone is one of some words, or a list of them.
  if (errors.some(({ keyword }) => keyword === 'enum' || keyword === 'anyOf'))
    return `expected a type of JSON Schema: ${SCHEMA_TYPES.join(', ')}`;
  const [{ keyword, message = '', params }] = errors as [ErrorObject];
  if (keyword !== 'type') return message.replace(/^must be/, 'expected');
  const { type } = params as { type: unknown };
  return `expected ${typeof type === 'string' ? (TYPE_WORDS.get(type) ?? `a ${type}`) : 'a JSON Schema: a map of keywords'}`;
}

const TYPE_WORDS: ReadonlyMap<string, string> = new Map([
  ['object', 'a map of keys'],
  ['array', 'a list'],
  ['integer', 'a whole number'],
  ['boolean', 'true or false'],
]);

const SCHEMA_TYPES = ['string', 'integer', 'number', 'boolean', 'array', 'object', 'null'];

function faultsText(errors: readonly ErrorObject[]): string {
  const told = [...new Set(errors.map(faultText))];
  const more = told.length > FAULTS_MAX ? `; and ${told.length - FAULTS_MAX} more` : '';
  return told.slice(0, FAULTS_MAX).join('; ') + more;
}

function faultText({ instancePath, keyword, message = '', params }: ErrorObject): string {
  const where = instancePath === '' ? 'the object' : instancePath.slice(1).replaceAll('/', '.');
  const { allowedValues, additionalProperty, missingProperty } = params as Record<string, unknown>;
  if (keyword === 'enum')
    return `${where} must be one of ${(allowedValues as unknown[]).map((each) => JSON.stringify(each)).join(', ')}`;
  if (keyword === 'required') return `${where} lacks ${JSON.stringify(missingProperty)}`;
  if (keyword === 'additionalProperties')
    return `${where} has ${JSON.stringify(additionalProperty)}, which the schema does not know`;
  return `${where} ${message}`;
}

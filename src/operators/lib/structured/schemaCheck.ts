import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import type { JsonSchema } from './schemaColumns.js';

/** What is wrong with a value, in words; null if it fits the schema. */
export type SchemaCheck = (value: unknown) => string | null;

const FAULTS_MAX = 5;

/** It compiles the draft's own schemas at its first use, which costs more than any schema of a pipeline. */
let shared: Ajv2020 | null = null;

/** Compiles a JSON Schema of draft 2020-12. Throws an Error that says where it is none. */
export function compileSchemaCheck(schema: JsonSchema): SchemaCheck {
  // `format` and keywords of other vocabularies are notes: they refuse nothing. Nothing is printed.
  shared ??= new Ajv2020({ strict: false, logger: false, allErrors: true, validateFormats: false });
  try {
    const validate: ValidateFunction = shared.compile(schema);
    return (value) => (validate(value) ? null : faultsText(validate.errors ?? []));
  } finally {
    // It would keep each schema for ever, and refuse another one of the same `$id`.
    shared.removeSchema(schema);
  }
}

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

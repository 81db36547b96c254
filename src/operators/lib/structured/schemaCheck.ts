import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import type { JsonSchema } from './schemaColumns.js';

/** What is wrong with a value, in words; null if it fits the schema. */
export type SchemaCheck = (value: unknown) => string | null;

const FAULTS_MAX = 5;

/** Compiles a JSON Schema of draft 2020-12. Throws an Error that says where it is none. */
export function compileSchemaCheck(schema: JsonSchema): SchemaCheck {
  // `format` and keywords of other vocabularies are notes: they refuse nothing. Nothing is printed.
  const ajv = new Ajv2020({ strict: false, logger: false, allErrors: true, validateFormats: false });
  const validate: ValidateFunction = ajv.compile(schema);
  return (value) => (validate(value) ? null : faultsText(validate.errors ?? []));
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

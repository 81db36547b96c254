import { z } from 'zod';
import type { Column, ColumnValue } from '../../../arrow/columnType.js';
import { ScaleQuestError } from '../../../errors.js';
import type { ReplyForm } from './replyForm.js';
import { type SchemaCheck, compileSchemaCheck, schemaFaults } from './schemaCheck.js';
import {
  type JsonSchema,
  type SchemaFault,
  type SchemaField,
  cellOfJson,
  schemaColumns,
} from './schemaColumns.js';

/** A JSON Schema that replies are held to, compiled. */
export interface Structured {
  schema: JsonSchema;
  fields: readonly SchemaField[];
  check: SchemaCheck;
}

/** The fields of a reply as values of columns, by their names. */
export type FieldValues = Readonly<Record<string, ColumnValue>>;

/**
 * An option that holds a JSON Schema whose fields become columns. A spec names it in `jsonFiles`, so that a pipeline file may name the
 * file that holds it.
 */
export const jsonSchemaOption = z
  .union([z.string(), z.record(z.string(), z.json())])
  .superRefine((schema, context) => {
    for (const { at, message } of typeof schema === 'string' ? [NO_FILE] : faultsOf(schema))
      context.addIssue({ code: 'custom', path: [...at], message });
  });

const NO_FILE = { at: [], message: 'expected the schema itself: a path is read in pipeline files alone' };

/** The option once it is parsed. */
export function schemaOf(option: z.output<typeof jsonSchemaOption> | undefined): JsonSchema | undefined {
  return typeof option === 'string' ? undefined : option;
}

/** Where it is no JSON Schema, or what in it can be no column; one or two mistakes. */
function faultsOf(schema: JsonSchema): readonly SchemaFault[] {
  const faults = schemaFaults(schema);
  if (faults.length > 0) return faults;
  const fields = schemaColumns(schema);
  if ('message' in fields) return [fields];
  try {
    compileSchemaCheck(schema);
    return [];
  } catch (error) {
    return [{ at: [], message: `expected a JSON Schema of draft 2020-12: ${(error as Error).message}` }];
  }
}

/** Compiles a schema once a step. Throws ERR_PIPELINE_INVALID for one that is none, or that has a field which no column can hold. */
export function compileStructured(schema: JsonSchema): Structured {
  const [fault] = faultsOf(schema);
  if (fault)
    throw new ScaleQuestError('ERR_PIPELINE_INVALID', `${fault.at.join('.') || 'json'}: ${fault.message}`);
  return { schema, fields: schemaColumns(schema) as SchemaField[], check: compileSchemaCheck(schema) };
}

/** The fields of a schema as columns. Of one with a fault none: the schema of the options tells it. */
export function structuredColumns(schema: JsonSchema): Column[] {
  const fields = schemaColumns(schema);
  if ('message' in fields) return [];
  return fields.map(({ name, type, nullable, description }) => ({
    ...{ name, type, nullable },
    help: description ? sentence(description) : `The field ${name} of the reply.`,
  }));
}

/** The form of a schema whose fields become columns: the first object that fits counts. */
export function formOfColumns({ schema, fields, check }: Structured): ReplyForm<FieldValues> {
  return {
    schema,
    code: 'ROW_JSON',
    read(object) {
      const fault = check(object);
      return fault === null ? { value: valuesOf(object, fields) } : { fault };
    },
  };
}

function valuesOf(value: Record<string, unknown>, fields: readonly SchemaField[]): FieldValues {
  const own = (name: string): unknown => (Object.hasOwn(value, name) ? value[name] : null);
  return Object.fromEntries(fields.map(({ name, type }) => [name, cellOfJson(type, own(name))]));
}

function sentence(text: string): string {
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}

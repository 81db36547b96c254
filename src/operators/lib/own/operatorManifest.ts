import { z } from 'zod';
import { columnTypeSchema } from '../../../arrow/columnTypeSchema.js';
import { ScaleQuestError, visible } from '../../../errors.js';
import { type Contract, ROWWISE } from '../operator.js';
import type { JsonSchema } from '../structured/schemaColumns.js';
import { compileJsonOptions } from './jsonOptions.js';
import { type CheckedDefinition, OWN_NEEDS, isStandard } from './operatorDefinition.js';
import { optionNamed } from './optionNames.js';

/**
 * What a package or a folder says of its operators, as data: so that `check`, `plan`, `steps` and editors know their options, columns and
 * models without executing code of others. `scalequest describe` prints it from the code; `run` compares the two.
 */

export const MANIFEST_FORMAT = 1;

/** It is shown in terminals and on pages. */
const shownText = z
  .string()
  .max(4000)
  .refine((text) => visible(text) === text, 'expected no control characters');

export const stepName = z
  .string()
  .max(60)
  .regex(/^[a-zA-Z][a-zA-Z0-9-]*$/, 'expected letters, digits and hyphens, starting with a letter')
  .refine(
    (name) => !['label', 'enabled'].includes(name),
    'expected another name: each step has a key of this one',
  );

const described = z.strictObject({
  export: z.string().max(200),
  summary: shownText,
  details: shownText.optional(),
  options: z.looseObject({ type: z.literal('object') }),
  example: z.record(z.string(), z.json()).optional(),
  reads: z.record(shownText, columnTypeSchema()),
  writes: z.array(
    z.strictObject({
      name: shownText.min(1),
      type: columnTypeSchema(),
      help: shownText,
      nullable: z.boolean().default(false),
    }),
  ),
  drops: z.record(shownText, shownText),
  models: z.record(shownText, z.enum(OWN_NEEDS)),
  contract: z.strictObject({
    emits: shownText,
    holdsAtMost: shownText,
    backpressures: shownText,
    completes: shownText,
    onError: shownText,
    onCancel: shownText,
  } satisfies Record<keyof Contract, unknown>),
  hasMemory: z.boolean(),
});

const manifest = z.strictObject({
  format: z.literal(MANIFEST_FORMAT),
  scalequest: z.string().regex(/^\d+\.\d+\.\d+/),
  module: z
    .string()
    .regex(/^\.\/[^\0\\:]+$/, 'expected a path in its folder, as ./index.js')
    .refine((path) => !path.split('/').includes('..'), 'expected a path in its folder, as ./index.js'),
  operators: z
    .record(stepName, described)
    .refine((operators) => Object.keys(operators).length > 0, 'expected at least one operator'),
});

/** An operator as data. */
export type DescribedOperator = z.output<typeof described>;

/** All operators of one module. */
export type OperatorManifest = z.output<typeof manifest>;

/** A manifest as it stands in its file. Throws ERR_OPERATOR_LOAD, whose message begins with what was found. */
export function parseManifest(text: string): OperatorManifest {
  const parsed = manifest.safeParse(jsonOf(text));
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!;
    throw unfit(`${path.join('.') || 'its top'}: ${message}`);
  }
  for (const [name, { options }] of Object.entries(parsed.data.operators)) {
    try {
      compileJsonOptions(options);
    } catch (error) {
      throw unfit(`operators.${name}.options: ${(error as Error).message}`);
    }
  }
  return parsed.data;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw unfit((error as Error).message);
  }
}

function unfit(found: string): ScaleQuestError {
  return new ScaleQuestError(
    'ERR_OPERATOR_LOAD',
    `it is no manifest of operators (${found}); write it anew with \`scalequest describe\``,
  );
}

/** A manifest as it is written. */
export function printManifest(given: OperatorManifest): string {
  return `${JSON.stringify(given, null, 2)}\n`;
}

/** An operator as data, from its code. Throws ERR_OPERATOR_LOAD where that is not possible; `where` begins the message. */
export function describeOperator(
  definition: CheckedDefinition,
  exported: string,
  where: string,
): DescribedOperator {
  const { summary, details, reads, writes, drops, models, example } = definition;
  const fail = (message: string): never => {
    throw new ScaleQuestError('ERR_OPERATOR_LOAD', `${where} cannot be described: ${message}`);
  };
  if (summary === undefined) fail('it has no `summary`, expected what it does, in one sentence');
  const options = optionsJson(definition, fail);
  const properties = (options['properties'] ?? {}) as Record<string, JsonSchema>;
  if (plainRoles(models).length > 0 && Object.hasOwn(properties, 'models'))
    fail(
      'its options have a key `models`, in which a step says which models have its roles; give the option another name',
    );
  for (const name of [
    ...Object.keys(reads),
    ...writes.map((column) => column.name),
    ...Object.keys(models),
  ]) {
    const option = optionNamed(name);
    if (option !== null && !Object.hasOwn(properties, option))
      fail(`it declares ${name}, but has no option \`${option}\``);
  }
  const found = described.safeParse({
    ...{ export: exported, summary, details, options, example, reads, writes, drops, models },
    contract: { ...ROWWISE, ...definition.contract },
    hasMemory: definition.memory !== undefined,
  });
  if (found.success) return found.data;
  const { path, message } = found.error.issues[0]!;
  return fail(`${path.join('.')}: ${message}`);
}

/** The roles whose models a step names under `models`. */
export function plainRoles(models: Readonly<Record<string, unknown>>): string[] {
  return Object.keys(models).filter((role) => optionNamed(role) === null);
}

/** The JSON Schema of an operator's options. What it does not name is refused: it would be ignored without a word. */
function optionsJson(
  { options }: CheckedDefinition,
  fail: (message: string) => never,
): JsonSchema & { type: 'object' } {
  const schema =
    options === undefined ? { type: 'object' } : isStandard(options) ? converted(options, fail) : options;
  if (schema['type'] !== 'object') fail('its options are no map of keys');
  const { $schema: _, ...rest } = JSON.parse(JSON.stringify(schema)) as JsonSchema;
  try {
    compileJsonOptions(rest);
  } catch (error) {
    fail(`its options are no JSON Schema: ${(error as Error).message}`);
  }
  return { additionalProperties: false, ...rest, type: 'object' };
}

/** What schemas of Standard JSON Schema (https://standardschema.dev/json-schema) can do beside reading. */
interface JsonConverter {
  jsonSchema?: { input?: (how: { target: string }) => JsonSchema };
}

function converted(options: object, fail: (message: string) => never): JsonSchema {
  const { jsonSchema } = (options as { '~standard': JsonConverter })['~standard'];
  try {
    if (jsonSchema?.input) return jsonSchema.input({ target: 'draft-2020-12' });
    if ('_zod' in options) return z.toJSONSchema(options as z.ZodType, { io: 'input' }) as JsonSchema;
  } catch (error) {
    fail(`its options have no JSON Schema: ${(error as Error).message}`);
  }
  return fail(
    'its schema of options gives no JSON Schema; use one that does, as of zod 4, or write the JSON Schema itself in `options`',
  );
}

/**
 * Where a manifest says otherwise than the code, as the path of a key; null where it says the same. Of options what users meet counts:
 * their names, types and defaults. The finer words of a JSON Schema differ from one version of its printer to the next, and the code's
 * own schema reads the options of a run in any case. The contract has words of this package, which may change between versions.
 */
export function staleKey(said: DescribedOperator, found: DescribedOperator): string | null {
  return differentKey(comparable(said), comparable(found));
}

function comparable({ contract: _, options, ...others }: DescribedOperator): unknown {
  return { ...others, options: outlineOf(options) };
}

const OUTLINE = ['type', 'enum', 'const', 'default', 'required', 'description'];

function outlineOf(schema: JsonSchema): JsonSchema {
  const { properties, items } = schema;
  const kept = Object.entries(schema).filter(([key]) => OUTLINE.includes(key));
  const inner = Object.entries((properties ?? {}) as Record<string, JsonSchema>);
  return {
    ...Object.fromEntries(kept),
    ...(properties
      ? { properties: Object.fromEntries(inner.map(([key, value]) => [key, outlineOf(value)])) }
      : {}),
    ...(items && typeof items === 'object' ? { items: outlineOf(items as JsonSchema) } : {}),
  };
}

/** The first key at which two plain values differ; keys in any order. */
function differentKey(one: unknown, other: unknown, path: readonly string[] = []): string | null {
  if (Object.is(one, other)) return null;
  if (!isMap(one) || !isMap(other) || Array.isArray(one) !== Array.isArray(other)) return path.join('.');
  for (const key of new Set([...Object.keys(one), ...Object.keys(other)])) {
    const found = differentKey(one[key], other[key], [...path, key]);
    if (found !== null) return found;
  }
  return null;
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** Why a manifest that one version printed is none for another; null where it is. As npm reads `^`. */
export function versionFault(printed: string, here: string): string | null {
  const [a, b] = [printed, here].map((version) => version.split(/[.+-]/).slice(0, 3).map(Number)) as [
    number[],
    number[],
  ];
  const leading = b.findIndex((part) => part > 0);
  const isSame = a.slice(0, leading + 1).every((part, at) => part === b[at]) && leading >= 0;
  const isLater =
    a.slice(leading + 1).reduce((later, part, at) => later || part - b[leading + 1 + at]!, 0) > 0;
  if (isSame && !isLater) return null;
  return `it was written for scalequest ${printed}, and this is ${here}`;
}

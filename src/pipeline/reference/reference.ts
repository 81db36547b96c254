import { z } from 'zod';
import { modelSchema, modelSchemas } from '../../backends/registry.js';
import type { ColumnType } from '../../arrow/columnType.js';
import { ERROR_CODES } from '../../errors.js';
import type { OperatorSpec } from '../../operators/lib/operator.js';
import { OPERATOR_NAMES, loadOperators } from '../../operators/registry.js';
import { exportSchema } from '../../io/exports/registry.js';
import { sampleOptions } from '../sampleOptions.js';
import { pipelineSchema, stepEnabled, stepLabel } from '../schema.js';

/** A runnable pipeline file around an operator's example steps. */
export function exampleFile(spec: OperatorSpec): string {
  if (spec.origin) return ['operators:', `  - ${spec.origin.from}`, 'steps:', `  ${spec.example}`].join('\n');
  const steps = spec.example
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n');
  return [
    `name: ${spec.name.toLowerCase()}-example`,
    'seed: 1',
    'limit: 8',
    'models:',
    '  tiny: { llamaCpp: { path: ../models/tiny.gguf } }',
    ...(spec.exampleModels ?? []).map((model) => `  ${model}`),
    ...(spec.source ? [`source: ${spec.source}`] : []),
    'steps:',
    steps,
    '',
  ].join('\n');
}

/** docs/steps.md: every operator, from its declaration. */
export async function printStepsReference(): Promise<string> {
  const operators = await loadOperators();
  const list = operators.map(({ name, summary }) => `- [${name}](#${name.toLowerCase()}): ${summary}`);
  return [
    '# Steps',
    '',
    'Printed from the code by `npm run docs`; do not edit. In a pipeline file each item of `steps` has one of these names as its key, and',
    'may have a `label`, and `enabled: false` to switch it off. Every step keeps the order of rows, and every row ends as kept,',
    'dropped with a reason, or rejected with a code.',
    '',
    ...list,
    '',
    ...operators.flatMap((spec) => [printOperator(spec), '']),
  ].join('\n');
}

/** One operator's page. */
export function printOperator(spec: OperatorSpec): string {
  const { name, summary, details, contract, drops } = spec;
  const sample = sampleOptions(spec);
  const reads = Object.entries(spec.reads(sample)).map(([column, type]) => columnText(column, type));
  const writes = spec
    .writes(sample)
    .map((column) => `${columnText(column.name, column.type)}: ${column.help.replace(/\.$/, '')}`);
  const needs = [
    ...new Set(spec.models(sample).flatMap(({ needs: need }) => (need === 'named' ? [] : [need]))),
  ];
  return [
    `## ${name}`,
    '',
    summary,
    ...(spec.origin ? ['', `It comes from \`${spec.origin.from}\`.`] : []),
    ...(details ? ['', details] : []),
    '',
    `- reads: ${reads.join(', ') || 'nothing'}`,
    `- writes: ${writes.join('; ') || 'nothing'}`,
    ...(needs.length > 0 ? [`- asks a model to: ${needs.join(', ')}`] : []),
    ...Object.entries(drops).map(([reason, meaning]) => `- drops as \`${reason}\`: ${meaning}`),
    '',
    printOptions(spec.options),
    '',
    ...Object.entries(contract).map(([key, text]) => `- ${CONTRACT_WORDS.get(key)}: ${text}`),
    '',
    '```yaml',
    exampleFile(spec).trimEnd(),
    '```',
  ].join('\n');
}

const CONTRACT_WORDS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    emits: 'emits',
    holdsAtMost: 'holds at most',
    backpressures: 'backpressures',
    completes: 'completes',
    onError: 'on error',
    onCancel: 'on cancel',
  }),
);

/** A column; one that an option names is told by that. */
function columnText(name: string, type: ColumnType): string {
  if (name.startsWith('$')) return `the column that \`${name.slice(1)}\` names (\`${type}\`)`;
  return `\`${name}\` (\`${type}\`)`;
}

interface JsonSchema {
  type?: string | string[];
  description?: string;
  default?: unknown;
  enum?: unknown[];
  const?: unknown;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  items?: JsonSchema;
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  additionalProperties?: JsonSchema | boolean;
}

/** A table of options: name, type, default, help; nested ones with their path. */
export function printOptions(schema: z.ZodType): string {
  const json = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema;
  const rows = optionRows(json, '');
  if (rows.length === 0) return 'No options.';
  return ['| option | type | default | meaning |', '|---|---|---|---|', ...rows].join('\n');
}

function optionRows(json: JsonSchema, prefix: string): string[] {
  return Object.entries(json.properties ?? {}).flatMap(([key, option]) => {
    const path = `${prefix}${key}`;
    const required = json.required?.includes(key);
    const fallback =
      option.default === undefined
        ? required
          ? '**required**'
          : '–'
        : `\`${JSON.stringify(option.default)}\``;
    const row = `| \`${path}\` | ${typeText(option)} | ${fallback} | ${(option.description ?? '').replaceAll('|', '\\|')} |`;
    const nested = option.items?.properties
      ? optionRows(option.items, `${path}[].`)
      : option.properties
        ? optionRows(option, `${path}.`)
        : valuesOf(option)?.properties
          ? optionRows(valuesOf(option)!, `${path}.<name>.`)
          : [];
    return [row, ...nested];
  });
}

/** The schema of the values of a map whose keys are any names. */
function valuesOf({ additionalProperties: values }: JsonSchema): JsonSchema | undefined {
  return typeof values === 'object' ? values : undefined;
}

function typeText(json: JsonSchema): string {
  if (json.enum) return json.enum.map((value) => `\`${JSON.stringify(value)}\``).join(' ');
  if (json.const !== undefined) return `\`${JSON.stringify(json.const)}\``;
  const parts = json.anyOf ?? json.oneOf;
  if (parts) return parts.map(typeText).join(' or ');
  if (json.items) return `list of ${typeText(json.items)}`;
  const bounds = boundsText(json);
  const words = [json.type ?? 'anything'].flat().map((type) => TYPE_WORDS.get(type) ?? type);
  return `${words.join(' or ')}${bounds}`;
}

const TYPE_WORDS: ReadonlyMap<string, string> = new Map([
  ['object', 'map'],
  ['integer', 'whole number'],
  ['boolean', 'true or false'],
]);

function boundsText({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: JsonSchema): string {
  const huge = Number.MAX_SAFE_INTEGER;
  const low =
    minimum !== undefined && minimum > -huge
      ? `≥ ${minimum}`
      : exclusiveMinimum !== undefined
        ? `> ${exclusiveMinimum}`
        : '';
  const high =
    maximum !== undefined && maximum < huge
      ? `≤ ${maximum}`
      : exclusiveMaximum !== undefined
        ? `< ${exclusiveMaximum}`
        : '';
  const text = [low, high].filter(Boolean).join(', ');
  return text ? ` ${text}` : '';
}

/** docs/pipeline.md's tables: the top of a file and every kind of model. */
export function printPipelineReference(): string {
  return [
    '# Pipeline files',
    '',
    'Printed from the code by `npm run docs`; do not edit. A pipeline file is YAML 1.2. `${NAME}` and ' +
      '`${NAME:-default}` inside a string are',
    'filled from the environment. Unknown keys are errors. For completion in an editor, begin the file with',
    '`# yaml-language-server: $schema=<path to pipelines/schema.json>`. On the command line, ' +
      '`--set key.path=value` changes one value for one run.',
    '',
    printOptions(pipelineSchema),
    '',
    'The steps are described in [steps.md](steps.md).',
    '',
    '## Models',
    '',
    'Each entry of `models` names a role and has exactly one of these keys.',
    '',
    ...Object.entries(modelSchemas).flatMap(([name, schema]) => [
      `### ${name}`,
      '',
      printOptions(schema),
      '',
    ]),
    '## Exports',
    '',
    'Each entry of `exports` has a name of yours and one of these formats, as `exports: { chat: { format: messages } }`.',
    '',
    ...exportSchema.options.flatMap((schema) => {
      const { value, description } = schema.shape.format;
      return [`### format: ${value}`, '', description ?? '', '', printOptions(schema), ''];
    }),
    '## Error codes',
    '',
    '`ERR_…` ends a command or a run; `ROW_…` rejects one row and the run goes on.',
    '',
    '| code | meaning |',
    '|---|---|',
    ...Object.entries(ERROR_CODES).map(([code, meaning]) => `| \`${code}\` | ${meaning} |`),
    '',
  ].join('\n');
}

/**
 * The JSON Schema (draft 2020-12) of pipeline files, for editors: `# yaml-language-server: $schema=schema.json`. `others`: operators that
 * `operators` of a file names.
 */
export async function pipelineJsonSchema(others: readonly OperatorSpec[] = []): Promise<object> {
  const top = z.toJSONSchema(pipelineSchema, { io: 'input' }) as {
    properties: Record<string, Record<string, unknown>>;
  };
  const $defs: Record<string, object> = {};
  const label = inner(stepLabel, 'label', $defs);
  const enabled = inner(stepEnabled, 'enabled', $defs);
  const steps = [...(await loadOperators()), ...others].map(({ name, summary, options }) => ({
    type: 'object',
    description: summary,
    properties: { [name]: inner(options, name, $defs), label, enabled },
    required: [name],
    additionalProperties: false,
  }));
  top.properties['models'] = {
    ...top.properties['models'],
    additionalProperties: inner(modelSchema, 'model', $defs),
  };
  if (others.length > 0) {
    top.properties['steps'] = { ...top.properties['steps'], items: { oneOf: steps } };
    return { title: 'ScaleQuest pipeline', ...top, $defs };
  }
  const known = { $ref: '#/$defs/step' };
  const other = { $ref: '#/$defs/otherStep' };
  top.properties['steps'] = { ...top.properties['steps'], items: { anyOf: [known, other] } };
  return {
    title: 'ScaleQuest pipeline',
    ...top,
    // Without `operators` each step is one of ours.
    anyOf: [{ required: ['operators'] }, { properties: { steps: { items: known } } }],
    $defs: { ...$defs, step: { oneOf: steps }, otherStep: otherStepSchema({ label, enabled }) },
  };
}

/** A step of an operator that `operators` names: any key but those of our own, with options that only its manifest knows. */
function otherStepSchema(always: Readonly<Record<string, object>>): object {
  const ours = OPERATOR_NAMES.map((name) => [name, false]);
  return {
    type: 'object',
    description:
      'An operator that `operators` names; `scalequest steps --schema --pipeline FILE` prints a schema that knows it.',
    properties: { ...always, ...Object.fromEntries(ours) },
    additionalProperties: { type: 'object' },
  };
}

/** A schema as a part of another one, whose definitions its own join under its name: references count from the top. */
function inner(schema: z.ZodType, name: string, all: Record<string, object>): object {
  const { $schema: _, $defs = {}, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  const renamed = (part: object): object =>
    JSON.parse(JSON.stringify(part).replaceAll('"#/$defs/', `"#/$defs/${name}.`)) as object;
  for (const [key, part] of Object.entries($defs)) all[`${name}.${key}`] = renamed(part as object);
  return renamed(rest);
}

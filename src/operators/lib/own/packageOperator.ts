import { z } from 'zod';
import { ScaleQuestError } from '../../../errors.js';
import { type ModelNeed, type OperatorOrigin, type OperatorSpec, parseOptions } from '../operator.js';
import type { JsonSchema } from '../structured/schemaColumns.js';
import { compileJsonOptions } from './jsonOptions.js';
import { type CheckedDefinition, type OwnOptions, optionsSchemaOf } from './operatorDefinition.js';
import { type DescribedOperator, plainRoles } from './operatorManifest.js';
import { namedBy, namedReads, namedWrites, optionNameFaults, optionNamed } from './optionNames.js';
import { operatorOf } from './ownOperator.js';

/** Options of a step as its operator takes them, and the models that have its roles. */
interface StepOptions {
  options: OwnOptions;
  models: Readonly<Record<string, string>>;
}

type PackageSpec = OperatorSpec<z.ZodType<StepOptions>>;

/**
 * The operator of a package or a folder as a step. Without `code` it is what its manifest says: it can be checked, planned and shown, and
 * streams no row.
 */
export function packageOperator(
  name: string,
  described: DescribedOperator,
  origin: Omit<OperatorOrigin, 'isLoaded'>,
  code?: CheckedDefinition,
): OperatorSpec {
  const { summary, details, drops, contract, models, hasMemory, example = {} } = described;
  const options = stepOptions(described, code);
  const spec: PackageSpec = {
    ...{ name, summary, options, drops, contract },
    ...(details === undefined ? {} : { details }),
    ...(hasMemory ? {} : { isRowwise: true as const }),
    origin: { ...origin, isLoaded: code !== undefined },
    reads: (parsed) => namedReads(described, own(parsed)),
    writes: (parsed) => [...namedWrites(described, own(parsed))].map(({ column }) => column),
    models: (parsed) => modelNeeds(models, parsed),
    example: `- ${name}: ${flowText(example)}`,
    operator(input, context) {
      const parsed = parseOptions(name, options, input) as StepOptions;
      // A plan builds each step once; only a run streams rows through it.
      if (!code) return () => notLoaded(name, origin);
      return operatorOf({ ...code, name }, parsed.options, context, parsed.models);
    },
  };
  return spec as unknown as OperatorSpec;
}

function notLoaded(name: string, { from }: Pick<OperatorOrigin, 'from'>): never {
  throw new ScaleQuestError(
    'ERR_INVARIANT',
    `${name} of ${from} streams rows, though its code was not loaded`,
  );
}

/** Of no options, as for docs, nothing is known but the names that the operator declares. */
function own(parsed: StepOptions | undefined): OwnOptions {
  return parsed?.options ?? {};
}

function modelNeeds(roles: DescribedOperator['models'], parsed: StepOptions | undefined): ModelNeed[] {
  return Object.entries(roles).map(([role, needs]) => {
    const option = optionNamed(role);
    if (option !== null) return { model: namedBy(role, own(parsed)) ?? role, needs, at: [option] };
    const { models = {} } = parsed ?? {};
    return { model: Object.hasOwn(models, role) ? models[role]! : role, needs, at: ['models', role] };
  });
}

/** The JSON Schema of a step's options: those of its operator, and `models` where it has roles. */
function stepSchema({ options, models }: DescribedOperator): JsonSchema {
  const roles = plainRoles(models);
  if (roles.length === 0) return options;
  const asked = {
    type: 'object',
    description:
      'The models that it asks: its role for each → a name from `models` of the file; that of the role if absent.',
    default: {},
    properties: Object.fromEntries(
      roles.map((role) => [
        role,
        { type: 'string', description: `The model that it asks to ${models[role]}.` },
      ]),
    ),
    additionalProperties: false,
  };
  return { ...options, properties: { ...(options['properties'] as object | undefined), models: asked } };
}

/**
 * The schema of a step's options for zod: by the JSON Schema of the manifest, whose mistakes are told as those of our own options, and
 * then by the schema of the code, if it was loaded.
 */
function stepOptions(
  described: DescribedOperator,
  code: CheckedDefinition | undefined,
): z.ZodType<StepOptions> {
  const json = stepSchema(described);
  const hasRoles = plainRoles(described.models).length > 0;
  const read = compileJsonOptions(json);
  const schema = z.unknown().transform((given, context): StepOptions => {
    const found = read(given);
    if ('issues' in found) {
      for (const issue of found.issues) context.addIssue(issue as never);
      return z.NEVER;
    }
    const options = apart(found.value, hasRoles);
    for (const { option, message } of code
      ? []
      : optionNameFaults(described, Object.keys(described.models), options.options))
      context.addIssue({ code: 'custom', path: option === '' ? [] : [option], message });
    if (!code) return options;
    const parsed = optionsSchemaOf(code).safeParse(apart(given, hasRoles).options, { reportInput: true });
    if (parsed.success) return { ...options, options: parsed.data };
    for (const issue of parsed.error.issues) context.addIssue(issue as never);
    return z.NEVER;
  });
  // What prints a JSON Schema of ours asks here first, and changes what it gets.
  (schema as { _zod: { toJSONSchema?: () => unknown } })._zod.toJSONSchema = () => structuredClone(json);
  return schema;
}

function apart(given: unknown, hasRoles: boolean): StepOptions {
  if (!hasRoles) return { options: given as OwnOptions, models: {} };
  const { models = {}, ...options } = given as Record<string, unknown>;
  return { options, models: models as Record<string, string> };
}

/** A plain value in YAML's flow style. */
function flowText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flowText).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(([key, each]) => `${flowText(key)}: ${flowText(each)}`);
    return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`;
  }
  const isPlain = typeof value === 'string' && /^[a-zA-Z]\w*$/.test(value) && !YAML_WORDS.test(value);
  return isPlain ? value : JSON.stringify(value);
}

/** They are no texts in some version of YAML. */
const YAML_WORDS = /^(true|false|null|yes|no|on|off|y|n)$/i;

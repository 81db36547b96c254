import type { RecordBatch } from 'apache-arrow';
import { z } from 'zod';
import type { Column } from '../../../arrow/columnType.js';
import { columnTypeSchema } from '../../../arrow/columnTypeSchema.js';
import { ScaleQuestError } from '../../../errors.js';
import type { ColumnTypes, RowOf, ValuesOf } from '../../../flow/steps/columnTypes.js';
import type { AskTools } from './askTools.js';
import type { Contract, ModelNeed } from '../operator.js';
import { compileJsonOptions } from './jsonOptions.js';
import { optionNameFaults } from './optionNames.js';
import type { JsonSchema } from '../structured/schemaColumns.js';
import { type StandardSchema, zodOf } from './standardSchema.js';

/** An operator of one's own, defined once for pipes and for pipeline files. See `defineOperator`. */
export interface OperatorDefinition<
  Input = Readonly<Record<string, unknown>>,
  Output = Input,
  Reads extends ColumnTypes = ColumnTypes,
  Writes extends readonly Column[] = readonly Column[],
  Reason extends string = string,
  Role extends string = string,
  Memory = unknown,
  Delta = unknown,
  Prepared = unknown,
> {
  /**
   * Its name in counts, errors and seeds, unless the step has a label; where `operators` names its package, the name of its step.
   *
   * @default "custom"
   */
  name?: string;
  /** What it does, in one sentence, for `scalequest plan`. */
  summary?: string;
  /** What a user should know beyond the summary. */
  details?: string;
  /**
   * A schema of its options, which fills in their defaults: one that follows Standard Schema, as of zod, or a JSON Schema of
   * `type: 'object'`. Without one, the options are any object; a step of its own has none then.
   */
  options?: StandardSchema<Input, Output> | OptionsJsonSchema;
  /** Options that show what it does, for its page and for `testOperator`. */
  example?: Input;
  /**
   * Name → type of the columns that it reads. A row without a value in one of them is rejected before. `$column` stands for the column
   * that the option `column` names; `row` gets its value as `$column`.
   *
   * @default {}
   */
  reads?: Reads;
  /**
   * The columns that it writes; `$into` for the one that the option `into` names.
   *
   * @default []
   */
  writes?: Writes;
  /**
   * Why it may drop a row: reason → what the reason means.
   *
   * @default {}
   */
  drops?: Readonly<Record<Reason, string>>;
  /**
   * The models that it asks: role → what it asks of it. The role `$model` has the model that the option `model` names. For any other, a
   * step of a file says in `models` which model has it; else, and in a pipe, it is the model that is called so.
   *
   * @default {}
   */
  models?: Readonly<Record<Role, OwnNeed>>;
  /** How it behaves in a stream, where that is not as of every operator that decides row by row. */
  contract?: Partial<Contract>;
  /**
   * Decides one row: gives the values of the written columns, or `tools.drop(reason)`; may be async, but with `memory`. It decides
   * from its arguments alone, and `tools.uniform()` is its only chance. Whatever it throws rejects the row with ROW_OPERATOR; what
   * a model's fault throws keeps its code.
   */
  row?: (
    row: RowOf<Reads>,
    tools: RowTools<Output, Reason, Role, Memory, Delta, Prepared>,
  ) => RowDecision<Writes> | Promise<RowDecision<Writes>>;
  /**
   * In place of `row`: decides the rows of a batch together, one decision a row, in their order. Where batches begin and end must decide
   * nothing. If it throws, it is called again for each row alone, and those at which it throws then are rejected.
   */
  batch?: (
    rows: readonly RowOf<Reads>[],
    tools: BatchTools<Output, Reason, Role>,
  ) => readonly RowDecision<Writes>[] | Promise<readonly RowDecision<Writes>[]>;
  /** What it keeps from row to row; `row` then decides the rows in order, each at once. It comes back as it was when a run goes on. */
  memory?: OwnMemory<Memory, Delta>;
  /**
   * With `memory`: what is waited for before a row is decided, as a model's reply; it sees no memory, and many rows are prepared at a
   * time. `row` gets what it gives as `tools.prepared`.
   */
  prepare?: (row: RowOf<Reads>, tools: PrepareTools<Output, Role>) => Promise<Prepared> | Prepared;
}

/** A JSON Schema (draft 2020-12) of options. */
export interface OptionsJsonSchema {
  /** Options are an object. */
  readonly type: 'object';
  readonly [keyword: string]: unknown;
}

export const OWN_NEEDS = [
  'preQuery',
  'complete',
  'choose',
  'score',
  'scoreQuestion',
  'embed',
] as const satisfies readonly ModelNeed['needs'][];

/** What an operator asks of a model: `complete` an answer, `choose` among replies, `score` a text, or `embed` it. */
export type OwnNeed = (typeof OWN_NEEDS)[number];

/** What an operator keeps from row to row. */
export interface OwnMemory<Memory = unknown, Delta = unknown> {
  /** The memory before the first row. */
  init: () => Memory;
  /**
   * Changes the memory as `tools.remember(delta)` says; nothing else may change it. Deltas are written with the run as JSON, and applied
   * again, in order, when it goes on.
   */
  apply: (memory: Memory, delta: Delta) => void;
}

/** What the function of a defined operator is given beside the row. */
export interface RowTools<
  Options = Readonly<Record<string, unknown>>,
  Reason extends string = string,
  Role extends string = string,
  Memory = unknown,
  Delta = unknown,
  Prepared = unknown,
> extends PrepareTools<Options, Role> {
  /** Drops the row, for a reason that `drops` names: `return tools.drop('tooShort')`. */
  drop: (reason: Reason) => { drop: string };
  /** What it remembers so far; undefined without `memory`. */
  memory: Memory;
  /** Changes the memory for the rows that follow, if this row is not rejected; once a row. `delta` is plain JSON. */
  remember: (delta: Delta) => void;
  /** What `prepare` gave for this row. */
  prepared: Prepared;
}

/** What `prepare` is given beside the row. With `memory`, the models can be asked here alone. */
export interface PrepareTools<
  Options = Readonly<Record<string, unknown>>,
  Role extends string = string,
> extends AskTools<Role> {
  /** The options, as the schema gives them. */
  options: Options;
  /** A number from [0, 1) that depends on the run's seed, the step and the row alone. */
  uniform: () => number;
}

/** What `batch` is given beside the rows. */
export interface BatchTools<
  Options = Readonly<Record<string, unknown>>,
  Reason extends string = string,
  Role extends string = string,
> {
  /** The options, as the schema gives them. */
  options: Options;
  /** The same rows as Arrow columns: `seq`, and those that `reads` names. */
  table: RecordBatch;
  /** The tools of one row, by its place in the batch. */
  row: (at: number) => Pick<RowTools<Options, Reason, Role>, 'drop' | 'uniform' | keyof AskTools>;
}

/** The values of the written columns, where nullable ones may be left out, or what `tools.drop` gives. */
export type RowDecision<Writes extends readonly Column[] = readonly Column[]> =
  ValuesOf<Writes> | { drop: string } | undefined | void;

/** Options as a schema has read them. */
export type OwnOptions = Readonly<Record<string, unknown>>;

type OptionsSchema = StandardSchema<OwnOptions> | OptionsJsonSchema;

export function isStandard(value: unknown): value is StandardSchema<OwnOptions> {
  return typeof (value as StandardSchema | null)?.['~standard']?.validate === 'function';
}

function isJsonSchema(value: unknown): value is OptionsJsonSchema {
  return !isStandard(value) && (value as JsonSchema | null)?.['type'] === 'object';
}

function functionOf<F>() {
  return z.custom<NonNullable<F>>((value) => typeof value === 'function', 'expected a function').optional();
}

const definitionSchema = z
  .looseObject({
    name: z.string().min(1).default('custom'),
    summary: z.string().optional(),
    details: z.string().optional(),
    options: z
      .custom<OptionsSchema>(
        (value) => isStandard(value) || isJsonSchema(value),
        'expected a schema that follows Standard Schema, such as one of zod, or a JSON Schema of `type: object`',
      )
      .optional(),
    example: z.record(z.string(), z.unknown()).optional(),
    reads: z.record(z.string(), columnTypeSchema()).default({}),
    writes: z
      .array(
        z.strictObject({
          name: z
            .string()
            .min(1)
            .refine(
              (name) => !/^seq(Index)?$/.test(name),
              'seq and seqIndex are the row’s identity, and not to be written',
            ),
          type: columnTypeSchema(),
          help: z.string(),
          nullable: z.boolean().default(false),
        }),
      )
      .default([]),
    drops: z.record(z.string(), z.string()).default({}),
    contract: z.record(z.string(), z.string()).default({}),
    models: z.record(z.string().min(1), z.enum(OWN_NEEDS)).default({}),
    row: functionOf<OperatorDefinition['row']>(),
    batch: functionOf<OperatorDefinition['batch']>(),
    prepare: functionOf<OperatorDefinition['prepare']>(),
    memory: z
      .looseObject({
        init: functionOf<OwnMemory['init']>().nonoptional('expected a function'),
        apply: functionOf<OwnMemory['apply']>().nonoptional('expected a function'),
      })
      .optional(),
  })
  .superRefine(checkParts);

/** A refinement: what decides rows. */
function checkParts(
  parts: { row?: unknown; batch?: unknown; prepare?: unknown; memory?: unknown },
  context: z.RefinementCtx,
): void {
  const { row, batch, prepare, memory } = parts;
  const add = (key: string, message: string): void =>
    context.addIssue({ code: 'custom', path: [key], message });
  if (row === undefined && batch === undefined) add('row', 'expected a function, or `batch` in its place');
  if (row !== undefined && batch !== undefined) add('batch', 'found `row` too, expected one of them');
  if (memory !== undefined && row === undefined)
    add('memory', 'expected `row` with it: rows are remembered in order');
  if (prepare !== undefined && memory === undefined)
    add('prepare', 'expected `memory` with it; without one, `row` may wait itself');
}

/** A definition with its defaults. */
export type CheckedDefinition = z.output<typeof definitionSchema>;

/** Checks what somebody else wrote. `where` begins the message: the module, say. Throws ERR_OPERATOR_LOAD. */
export function checkDefinition(definition: unknown, where: string): CheckedDefinition {
  const given = (definition as { definition?: unknown } | null | undefined)?.definition ?? definition;
  const parsed = definitionSchema.safeParse(given);
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0]!;
  throw new ScaleQuestError(
    'ERR_OPERATOR_LOAD',
    `${where} is unfit at ${path.join('.') || 'its top'}: ${message}. ` +
      'Expected { reads, writes, drops, row }: see docs/steps.md, custom.',
  );
}

/** The schema of a defined operator's options; any object without one. */
export function optionsSchemaOf(definition: CheckedDefinition): z.ZodType<OwnOptions> {
  const { options, models } = definition;
  const schema = options ? zodOf(standardOf(options)) : z.record(z.string(), z.unknown());
  const named = schema.superRefine((read, context) => {
    for (const { option, message } of optionNameFaults(definition, Object.keys(models), read))
      context.addIssue({ code: 'custom', path: option === '' ? [] : [option], message });
  });
  return named.prefault({});
}

/** Options by whatever schema an operator has. Throws ERR_OPERATOR_LOAD for a JSON Schema that is none. */
export function standardOf(options: OptionsSchema): StandardSchema<OwnOptions> {
  if (isStandard(options)) return options;
  const read = compiled(options);
  const validate: StandardSchema<OwnOptions>['~standard']['validate'] = (value) => {
    const result = read(value);
    if ('value' in result) return { value: result.value as OwnOptions };
    const parsed = z
      .unknown()
      .superRefine((_, context) => result.issues.forEach((issue) => context.addIssue(issue as never)));
    return { issues: parsed.safeParse(value).error!.issues };
  };
  return { '~standard': { version: 1, vendor: 'scalequest', validate } };
}

function compiled(schema: OptionsJsonSchema): ReturnType<typeof compileJsonOptions> {
  try {
    return compileJsonOptions(schema);
  } catch (error) {
    const message = `the options of an operator are no JSON Schema of draft 2020-12: ${(error as Error).message}`;
    throw new ScaleQuestError('ERR_OPERATOR_LOAD', message, { cause: error });
  }
}

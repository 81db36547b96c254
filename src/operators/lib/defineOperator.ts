import { cellOf } from '../../arrow/cellOf.js';
import { z } from 'zod';
import type { Column, ColumnValue } from '../../arrow/columnType.js';
import { columnTypeSchema } from '../../arrow/columnTypeSchema.js';
import { findFault } from '../../arrow/fault.js';
import { RowError, ScaleQuestError } from '../../errors.js';
import type { BatchOperator } from '../../flow/batch.js';
import type {
  ColumnTypes,
  ColumnsRead,
  ColumnsWritten,
  RowOf,
  ValuesOf,
} from '../../flow/steps/columnTypes.js';
import { mapRows } from '../../flow/steps/mapRows.js';
import { type Outcome, drop, keep } from '../../flow/steps/outcome.js';
import { type Contract, type RunContext, parseOptions, rowUniform, shapeOf } from './operator.js';
import { type StandardSchema, zodOf } from './standardSchema.js';

/** An operator of one's own, defined once for pipes and for pipeline files. See `defineOperator`. */
export interface OperatorDefinition<
  Input = Readonly<Record<string, unknown>>,
  Output = Input,
  Reads extends ColumnTypes = ColumnTypes,
  Writes extends readonly Column[] = readonly Column[],
  Reason extends string = string,
> {
  /**
   * Its name in counts, errors and seeds, unless the step has a label.
   *
   * @default "custom"
   */
  name?: string;
  /** What it does, in one sentence, for `scalequest plan`. */
  summary?: string;
  /** A schema of its options, which fills in their defaults; without one, the options are any object. */
  options?: StandardSchema<Input, Output>;
  /**
   * Name → type of the columns that it reads. A row without a value in one of them is rejected before.
   *
   * @default {}
   */
  reads?: Reads;
  /**
   * The columns that it writes.
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
  /** How it behaves in a stream, where that is not as of every operator that decides row by row. */
  contract?: Partial<Contract>;
  /**
   * Decides one row: gives the values of the written columns, or `tools.drop(reason)`; may be async. It decides from its
   * arguments alone, and `tools.uniform()` is its only chance. Whatever it throws rejects the row with ROW_OPERATOR.
   */
  row: (
    row: RowOf<Reads>,
    tools: RowTools<Output, Reason>,
  ) => RowDecision<Writes> | Promise<RowDecision<Writes>>;
}

/** What the function of a defined operator is given beside the row. */
export interface RowTools<Options = Readonly<Record<string, unknown>>, Reason extends string = string> {
  /** The options, as the schema gives them. */
  options: Options;
  /** Drops the row, for a reason that `drops` names: `return tools.drop('tooShort')`. */
  drop: (reason: Reason) => { drop: string };
  /** A number from [0, 1) that depends on the run's seed, the step and the row alone. */
  uniform: () => number;
}

/** The values of the written columns, where nullable ones may be left out, or what `tools.drop` gives. */
export type RowDecision<Writes extends readonly Column[] = readonly Column[]> =
  ValuesOf<Writes> | { drop: string } | undefined | void;

/** What `defineOperator` gives: a function for pipes that carries its definition, for pipeline files. */
export interface DefinedOperator<Input, Reads extends ColumnTypes, Writes extends readonly Column[]> {
  (options: Input, context: RunContext): BatchOperator<ColumnsRead<Reads>, ColumnsWritten<Writes>>;
  /** What was defined, checked and with its defaults. */
  readonly definition: CheckedDefinition;
}

/**
 * Defines an operator of one's own, for pipes and for pipeline files alike. In a pipe, call what it gives; in a file, make it the
 * default export of a module and name that in a `custom` step.
 *
 * @param definition - Its options, columns and reasons, and the function that decides a row.
 * @throws ScaleQuestError: ERR_OPERATOR_LOAD for a definition with a mistake. What it gives throws ERR_PIPELINE_INVALID for
 * options that do not fit.
 * @example
 * const countWords = defineOperator({
 *   name: 'countWords',
 *   options: z.strictObject({ wordsMin: z.int().default(1) }),
 *   reads: { question: 'string' },
 *   writes: [{ name: 'words', type: 'int32', help: 'Words in the question.' }],
 *   drops: { tooShort: 'the question has fewer words than `wordsMin`' },
 *   row({ question }, { options, drop }) {
 *     const words = question.split(' ').length;
 *     return words < options.wordsMin ? drop('tooShort') : { words };
 *   },
 * });
 * export default countWords; // in a file: - custom: { path: countWords.mjs, options: { wordsMin: 8 } }
 * source.pipe(countWords({ wordsMin: 8 }, context)); // in a pipe
 */
export function defineOperator<
  Input = Readonly<Record<string, unknown>>,
  Output = Input,
  const Reads extends ColumnTypes = Readonly<Record<never, never>>,
  const Writes extends readonly Column[] = readonly [],
  Reason extends string = never,
>(
  definition: OperatorDefinition<Input, Output, Reads, Writes, Reason>,
): DefinedOperator<Input, Reads, Writes> {
  const checked = checkDefinition(definition, 'the definition of the operator');
  const schema = optionsSchemaOf(checked);
  const operator = (options: Input, context: RunContext): BatchOperator =>
    operatorOf(checked, parseOptions(checked.name, schema, options) as OwnOptions, context);
  return Object.assign(operator, { definition: checked });
}

type OwnOptions = Readonly<Record<string, unknown>>;

const definitionSchema = z.looseObject({
  name: z.string().min(1).default('custom'),
  summary: z.string().optional(),
  options: z
    .custom<StandardSchema<OwnOptions>>(
      (value) => typeof (value as StandardSchema | null)?.['~standard']?.validate === 'function',
      'expected a schema that follows Standard Schema, such as one of zod',
    )
    .optional(),
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
  row: z.custom<OperatorDefinition['row']>((value) => typeof value === 'function', 'expected a function'),
});

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
export function optionsSchemaOf({ options }: CheckedDefinition): z.ZodType<OwnOptions> {
  const schema = options ? zodOf(options) : z.record(z.string(), z.unknown());
  return schema.prefault({});
}

/** The operator, with options that its schema has read. */
export function operatorOf(
  definition: CheckedDefinition,
  options: OwnOptions,
  context: RunContext,
): BatchOperator {
  const { name, reads, writes, row: decide } = definition;
  const shape = shapeOf({ name, reads: () => reads, writes: () => writes }, options, context);
  return mapRows(shape, async (row) => {
    const tools: RowTools = {
      options,
      drop: (reason) => ({ drop: reason }),
      uniform: () => rowUniform(context, shape.step, row),
    };
    return outcomeOf(await decided(() => decide(row, tools)), definition);
  });
}

/** What throws at once has seen nothing but the row; what was waited for may have met the moment of something else. */
async function decided(decide: () => RowDecision | Promise<RowDecision>): Promise<RowDecision> {
  let mayDiffer = false;
  try {
    const decision = decide();
    mayDiffer = true;
    return await decision;
  } catch (error) {
    const message = (error as Error)?.message ?? String(error);
    throw new RowError('ROW_OPERATOR', message, { cause: error, mayDiffer });
  }
}

function outcomeOf(decision: RowDecision, { writes, drops }: CheckedDefinition): Outcome {
  const values = (decision ?? {}) as Record<string, ColumnValue>;
  const reason = values['drop'];
  if (typeof reason === 'string' && !writes.some(({ name }) => name === 'drop')) {
    if (Object.hasOwn(drops, reason)) return drop(reason);
    throw new RowError('ROW_OPERATOR', `dropped the row for "${reason}", which its \`drops\` do not name`);
  }
  // A value of the wrong type would end the run where the column is built, though it is the mistake of this row alone.
  for (const column of writes) {
    const fault = findFault(column, cellOf(values, column.name));
    if (fault !== null) throw new RowError('ROW_OPERATOR', `in its column "${column.name}" ${fault}`);
  }
  return keep(values);
}

import { z } from 'zod';
import { COLUMN_TYPES, type Column, type ColumnType, type ColumnValue } from '../arrow/columnType.js';
import { RowError, ScaleQuestError } from '../errors.js';
import { mapRows } from '../flow/mapRows.js';
import { type Outcome, drop, keep } from '../flow/outcome.js';
import { type OperatorSpec, ROWWISE, type RunContext, rowUniform, shapeOf } from './lib/operator.js';

/** What a user's module exports as default. */
export interface CustomOperator {
  summary?: string;
  reads?: Record<string, ColumnType>;
  writes?: Column[];
  /** Reasons it may drop a row for → meaning. */
  drops?: Record<string, string>;
  /**
   * Decides one row: returns the values of the written columns, or `tools.drop(reason)`. May be async. Whatever it throws
   * rejects the row with ROW_OPERATOR. It must decide from its arguments alone: `tools.uniform()` is the only chance.
   */
  row: (
    row: Readonly<Record<string, ColumnValue>>,
    tools: CustomTools,
  ) => CustomDecision | Promise<CustomDecision>;
}

export interface CustomTools {
  /** What stands under `options` in the pipeline file. */
  options: Readonly<Record<string, unknown>>;
  drop: (reason: string) => { drop: string };
  /** A number from [0, 1) that depends on the run's seed, the step and the row alone. */
  uniform: () => number;
}

export type CustomDecision = Record<string, ColumnValue> | { drop: string } | undefined | void;

const module = z.looseObject({
  summary: z.string().optional(),
  reads: z.record(z.string(), z.enum(COLUMN_TYPES)).default({}),
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
        type: z.enum(COLUMN_TYPES),
        help: z.string(),
        nullable: z.boolean().optional(),
      }),
    )
    .default([]),
  drops: z.record(z.string(), z.string()).default({}),
  row: z.custom<CustomOperator['row']>((value) => typeof value === 'function', 'expected a function'),
});

export const customOptions = z.strictObject({
  path: z
    .string()
    .describe(
      'A JavaScript module (.js, .mjs), or a package; a relative path starts at the pipeline file’s folder.',
    ),
  options: z.record(z.string(), z.unknown()).default({}).describe('Handed to the module as `tools.options`.'),
});

/** Options of `custom`. */
export interface CustomOptions {
  /** A JavaScript module (.js, .mjs), or a package; a relative path starts at the pipeline file’s folder. */
  path: string;
  /**
   * Handed to the module as `tools.options`.
   *
   * @default {}
   */
  options?: Record<string, unknown>;
}

const EXAMPLE = `- generate: { generators: [{ model: tiny }], tokensMax: 192 }
- custom: { path: operators/countWords.mjs, options: { wordsMin: 8 } }`;

/** The operator before its module is loaded: for docs and the editor's schema. */
export const customSpec: OperatorSpec<typeof customOptions> = {
  name: 'custom',
  summary: 'Runs an operator of your own, from a module.',
  details:
    'The module’s default export is `{ reads, writes, drops, row(row, tools) }`: the columns it reads and writes, why it may ' +
    'drop a row, and one function that decides a row. It is checked like any other step.',
  options: customOptions,
  reads: () => ({}),
  writes: () => [],
  models: () => [],
  drops: {},
  contract: ROWWISE,
  example: EXAMPLE,
  operator() {
    throw new ScaleQuestError(
      'ERR_OPERATOR_LOAD',
      'custom is an operator only after its module is loaded: use `loadCustomOperator(path)` and its `operator`',
    );
  },
};

/** Loads a user's operator. `specifier` is an absolute path, a file URL or a package name. */
export async function loadCustomOperator(specifier: string): Promise<OperatorSpec<typeof customOptions>> {
  const loaded = await importModule(specifier);
  const parsed = module.safeParse(loaded);
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!;
    throw new ScaleQuestError(
      'ERR_OPERATOR_LOAD',
      `${specifier} has an unfit default export at ${path.join('.') || 'its top'}: ${message}. ` +
        'Expected { reads, writes, drops, row }: see docs/steps.md, custom.',
    );
  }
  return specOf(parsed.data);
}

async function importModule(specifier: string): Promise<unknown> {
  try {
    return ((await import(specifier)) as { default?: unknown }).default;
  } catch (error) {
    throw new ScaleQuestError(
      'ERR_OPERATOR_LOAD',
      `${specifier} cannot be imported: ${(error as Error).message}`,
      {
        cause: error,
      },
    );
  }
}

function specOf(user: z.output<typeof module>): OperatorSpec<typeof customOptions> {
  const spec: OperatorSpec<typeof customOptions> = {
    ...customSpec,
    summary: user.summary ?? customSpec.summary,
    reads: () => user.reads,
    writes: () => user.writes.map((column) => ({ ...column, nullable: column.nullable ?? false })),
    drops: user.drops,
    operator(input, context: RunContext) {
      const parsed = customOptions.parse(input);
      const shape = shapeOf(spec, parsed, context);
      return mapRows(shape, async (row): Promise<Outcome> => {
        const tools: CustomTools = {
          options: parsed.options,
          drop: (reason) => ({ drop: reason }),
          uniform: () => rowUniform(context, shape.step, row),
        };
        return outcomeOf(await decide(user.row, row, tools), user);
      });
    },
  };
  return spec;
}

async function decide(
  row: CustomOperator['row'],
  ...args: Parameters<CustomOperator['row']>
): Promise<CustomDecision> {
  try {
    return await row(...args);
  } catch (error) {
    throw new RowError('ROW_OPERATOR', (error as Error)?.message ?? String(error), { cause: error });
  }
}

function outcomeOf(decision: CustomDecision, { writes, drops }: z.output<typeof module>): Outcome {
  const values = (decision ?? {}) as Record<string, ColumnValue>;
  const reason = values['drop'];
  if (typeof reason === 'string' && !writes.some(({ name }) => name === 'drop')) {
    if (reason in drops) return drop(reason);
    throw new RowError('ROW_OPERATOR', `dropped the row for "${reason}", which its \`drops\` do not name`);
  }
  const missing = writes.find(({ name, nullable }) => !nullable && (values[name] ?? null) === null);
  if (missing) throw new RowError('ROW_OPERATOR', `returned no value for its column "${missing.name}"`);
  const unfit = writes.find(({ name, type }) => (values[name] ?? null) !== null && !FITS[type](values[name]));
  if (unfit) {
    const value = values[unfit.name];
    const found = typeof value === 'string' ? JSON.stringify(value) : String(value);
    throw new RowError(
      'ROW_OPERATOR',
      `found ${found} for its column "${unfit.name}", expected ${unfit.type}`,
    );
  }
  return keep(values);
}

/** A value of the wrong type would end the run where the column is built: it is this row's fault alone. */
const FITS: Record<ColumnType, (value: unknown) => boolean> = {
  string: (value) => typeof value === 'string',
  int32: (value) => typeof value === 'number' && (value | 0) === value,
  float64: Number.isFinite,
  bool: (value) => typeof value === 'boolean',
  'list<string>': (value) => Array.isArray(value) && value.every((item) => typeof item === 'string'),
  'list<float64>': (value) =>
    Array.isArray(value) && value.every((item) => item === null || Number.isFinite(item)),
  'list<bool>': (value) =>
    Array.isArray(value) && value.every((item) => item === null || typeof item === 'boolean'),
};

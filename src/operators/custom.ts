import { z } from 'zod';
import type { ColumnType } from '../arrow/columnType.js';
import { columnTypeSchema } from '../arrow/columnTypeSchema.js';
import { ScaleQuestError } from '../errors.js';
import { type CheckedDefinition, type OwnNeed, optionsSchemaOf } from './lib/own/operatorDefinition.js';
import { operatorOf } from './lib/own/ownOperator.js';
import type { CustomModule } from './lib/own/customModule.js';
import { exportedOperator, importModule } from './lib/own/loadModule.js';
import { namedBy, namedReads, namedWrites, optionNamed } from './lib/own/optionNames.js';
import { type ModelNeed, type OperatorSpec, ROWWISE, parseOptions } from './lib/operator.js';

const columnTypes = z.record(z.string(), columnTypeSchema());

export const customOptions = z.strictObject({
  path: z
    .string()
    .describe(
      'A JavaScript module (.js, .mjs); a relative path starts at the pipeline file’s folder. The operator is its default export, or ' +
        'the one that is named behind a `#`, as ./mine.mjs#countWords.',
    ),
  options: z.record(z.string(), z.unknown()).default({}).describe('Handed to the module as `tools.options`.'),
  models: z
    .record(z.string(), z.string())
    .default({})
    .describe(
      'The models that the module asks: its role for each → a name from `models` above, as { judge: solver }. A role that is not ' +
        'here is that of the model called so.',
    ),
  reads: columnTypes
    .optional()
    .describe(
      'The columns that the module reads, as { question: string }. `check` never loads the module: it knows what is written here.',
    ),
  writes: columnTypes
    .optional()
    .describe(
      'The columns that the module writes, as { words: int32 }. Without it, `check` does not know the columns after this step, ' +
        'and the mistakes in them show when `run` or `preview` loads the module.',
    ),
});

/** Options of `custom`. */
export interface CustomOptions {
  /**
   * A JavaScript module (.js, .mjs); a relative path starts at the pipeline file’s folder. The operator is its default export, or the one
   * that is named behind a `#`, as ./mine.mjs#countWords.
   */
  path: string;
  /**
   * Handed to the module as `tools.options`.
   *
   * @default {}
   */
  options?: Record<string, unknown>;
  /**
   * The models that the module asks: its role for each → a name from `models` above, as { judge: solver }. A role that is not here is
   * that of the model called so.
   *
   * @default {}
   */
  models?: Record<string, string>;
  /** The columns that the module reads, as { question: string }. `check` never loads the module: it knows what is written here. */
  reads?: Record<string, ColumnType>;
  /**
   * The columns that the module writes, as { words: int32 }. Without it, `check` does not know the columns after this step, and the
   * mistakes in them show when `run` or `preview` loads the module.
   */
  writes?: Record<string, ColumnType>;
}

/** The operator before its module is loaded: for docs and the editor's schema. */
export const customSpec: OperatorSpec<typeof customOptions> = {
  name: 'custom',
  summary: 'Runs an operator of your own, from a file.',
  details:
    'The module exports `{ options, reads, writes, drops, models, row(row, tools) }`, or what `defineOperator` makes of it: a ' +
    'schema of its options, the columns it reads and writes, why it may drop a row, what it asks of which models, and one function ' +
    'that decides a row; it may also see its batch, and keep a memory. `run` and `preview` load it before anything is sent. ' +
    '`check` and `plan` execute nothing: they know its columns by `reads` and `writes` here, and its options are checked when it is ' +
    'loaded. Its results are not cached and no worker does it, for nobody knows what the file imports. An operator that ' +
    '`operators` of the pipeline file names has a step of its own and neither limit; the same one can be used in a pipe: see ' +
    'docs/custom.md.',
  options: customOptions,
  reads: () => ({}),
  writes: () => [],
  models: () => [],
  drops: {},
  contract: ROWWISE,
  example: `- generate: { generators: [{ model: tiny }], tokensMax: 192 }
- custom: { path: operators/countWords.mjs, options: { wordsMin: 8 } }`,
  operator() {
    throw new ScaleQuestError(
      'ERR_OPERATOR_LOAD',
      'custom is an operator only after its module is loaded: use `loadCustomOperator(path)` and its `operator`',
    );
  },
};

type CustomSpec = OperatorSpec<typeof customOptions>;

/** The operator as far as its step tells: what it reads and writes, without its module. */
export function declaredOperator({ reads, writes }: z.output<typeof customOptions>): CustomSpec {
  const columns = Object.entries(writes ?? {}).map(([name, type]) => ({ name, type, help: '' }));
  // A plan builds each step once; only a run streams rows through it.
  const operator = () => (): never =>
    customSpec.operator({ path: '' }, { seed: 0, models: {}, prompt: () => '' }) as never;
  const models: CustomSpec['models'] = (options) => roleNeeds(options, new Map());
  return { ...customSpec, reads: () => reads ?? {}, writes: () => columns, models, operator };
}

/** Executes the module of a user's operator. Throws ERR_OPERATOR_LOAD. */
export async function loadCustomOperator({ file, exported }: CustomModule): Promise<CustomSpec> {
  return specOf(exportedOperator(await importModule(file), exported, file));
}

/** What a step's roles need: those that the step names, and those that the module has; `known`: role → what it asks. */
function roleNeeds(
  { models, options }: Pick<z.output<typeof customOptions>, 'models' | 'options'>,
  known: ReadonlyMap<string, OwnNeed>,
): ModelNeed[] {
  const roles = new Set([...Object.keys(models), ...known.keys()]);
  return [...roles].map((role) => {
    const needs = known.get(role) ?? 'named';
    const option = optionNamed(role);
    if (option !== null) return { model: namedBy(role, options) ?? role, needs, at: ['options', option] };
    return { model: Object.hasOwn(models, role) ? models[role]! : role, needs, at: ['models', role] };
  });
}

/** What is said of a path that names no file. */
export const NO_MODULE =
  'found no path of a file, expected one as ./operators/mine.mjs; modules are loaded from nowhere else. The operators of a package ' +
  'are steps of their own: name it in `operators` of the pipeline file';

/** What a module reads or writes otherwise than its step says; null if nothing. */
export function declarationFault(
  declared: Pick<z.output<typeof customOptions>, 'reads' | 'writes'>,
  module: Pick<CustomSpec, 'reads' | 'writes'>,
  options: z.output<typeof customOptions>,
): { key: 'reads' | 'writes'; message: string } | null {
  const found = {
    reads: module.reads(options),
    writes: Object.fromEntries(module.writes(options).map(({ name, type }) => [name, type])),
  };
  for (const key of ['reads', 'writes'] as const) {
    const said = declared[key];
    if (said === undefined || columnsText(said) === columnsText(found[key])) continue;
    const message = `found ${columnsText(said)}, but the module ${key} ${columnsText(found[key])}; write these, or leave \`${key}\` out`;
    return { key, message };
  }
  return null;
}

function columnsText(columns: Readonly<Record<string, ColumnType>>): string {
  const entries = Object.entries(columns).sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.length === 0 ? 'nothing' : entries.map(([name, type]) => `${name}: ${type}`).join(', ');
}

function specOf(definition: CheckedDefinition): CustomSpec {
  const { drops, contract, summary = customSpec.summary } = definition;
  const roles = new Map(Object.entries(definition.models));
  // The label stays `custom` in a file, whatever the definition is called: seeds and counts go by it.
  const named = { ...definition, name: customSpec.name };
  const options = customOptions.extend({
    options: optionsSchemaOf(definition),
    models: customOptions.shape.models.superRefine((given, context) => {
      const unknown = Object.keys(given).find((role) => !roles.has(role) || optionNamed(role) !== null);
      if (unknown === undefined) return;
      const known = roles.size > 0 ? `asks models as ${[...roles.keys()].join(', ')}` : 'asks no model';
      context.addIssue({
        code: 'custom',
        path: [unknown],
        message: `the module ${known}, not as ${unknown}`,
      });
    }),
  }) as typeof customOptions;
  return {
    ...customSpec,
    summary,
    options,
    reads: (parsed) => namedReads(definition, parsed.options),
    writes: (parsed) => namedWrites(definition, parsed.options).map(({ column }) => column),
    drops,
    models: (parsed) => roleNeeds(parsed, roles),
    contract: { ...customSpec.contract, ...contract },
    operator(input, context) {
      const parsed = parseOptions('custom', options, input);
      return operatorOf(named, parsed.options, context, parsed.models);
    },
  };
}

import { z } from 'zod';
import { ScaleQuestError } from '../errors.js';
import {
  type CheckedDefinition,
  checkDefinition,
  operatorOf,
  optionsSchemaOf,
} from './lib/defineOperator.js';
import { type OperatorSpec, ROWWISE, parseOptions } from './lib/operator.js';

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

/** The operator before its module is loaded: for docs and the editor's schema. */
export const customSpec: OperatorSpec<typeof customOptions> = {
  name: 'custom',
  summary: 'Runs an operator of your own, from a module.',
  details:
    'The module’s default export is `{ options, reads, writes, drops, row(row, tools) }`, or what `defineOperator` makes of it: a ' +
    'schema of its options, the columns it reads and writes, why it may drop a row, and one function that decides a row. It is ' +
    'checked like any other step. The same operator can be used in a pipe: see docs/library.md.',
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

/** Loads a user's operator. `specifier` is an absolute path, a file URL or a package name. */
export async function loadCustomOperator(specifier: string): Promise<OperatorSpec<typeof customOptions>> {
  const loaded = await importModule(specifier);
  return specOf(checkDefinition(loaded, `the default export of ${specifier}`));
}

async function importModule(specifier: string): Promise<unknown> {
  try {
    return ((await import(specifier)) as { default?: unknown }).default;
  } catch (error) {
    throw new ScaleQuestError(
      'ERR_OPERATOR_LOAD',
      `${specifier} cannot be imported: ${(error as Error).message}`,
      { cause: error },
    );
  }
}

function specOf(definition: CheckedDefinition): OperatorSpec<typeof customOptions> {
  const { reads, writes, drops, contract, summary = customSpec.summary } = definition;
  // The label stays `custom` in a file, whatever the definition is called: seeds and counts go by it.
  const named = { ...definition, name: customSpec.name };
  const options = customOptions.extend({ options: optionsSchemaOf(definition) }) as typeof customOptions;
  return {
    ...customSpec,
    summary,
    options,
    reads: () => reads,
    writes: () => writes,
    drops,
    contract: { ...customSpec.contract, ...contract },
    operator: (input, context) => operatorOf(named, parseOptions('custom', options, input).options, context),
  };
}

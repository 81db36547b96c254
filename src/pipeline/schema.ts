import { z } from 'zod';
import { currencyName } from '../backends/price.js';
import { trainingSchema } from '../train/schema.js';
import { exportSchema } from '../io/exports/registry.js';
import { formatNames, sourceOptions } from '../io/sources/registry.js';

/** Enough to see what is wrong with a reply, and a small part of what a kept row holds. */
export const LOST_REPLY_CHARS_MAX = 2000;

const exportName = z
  .string()
  .regex(/^[a-zA-Z][a-zA-Z0-9-]*$/, 'expected letters, digits and hyphens, starting with a letter')
  .refine(
    (name) => name.toLowerCase() !== 'default',
    'expected another name: readers of the run folder know the set itself as `default`',
  );

/** Names of folders: some file systems make no difference between capitals and small letters. */
function differ(names: readonly string[]): boolean {
  return new Set(names.map((name) => name.toLowerCase())).size === names.length;
}

const anyFormat = formatNames()
  .map((name) => `\`${name}\``)
  .join(' or ');

/** The top of a pipeline file. Steps and models are parsed one by one, so that their mistakes read well. */
export const pipelineSchema = z.strictObject({
  name: z
    .string()
    .max(100)
    .regex(
      /^[a-z][a-zA-Z0-9-]*$/,
      'expected a name of letters, digits and hyphens that starts with a small letter',
    )
    .describe('Names the run folder and the data set.'),
  summary: z.string().optional().describe('One sentence for the data set card.'),
  seed: z
    .int()
    .min(0)
    .max(Number.MAX_SAFE_INTEGER)
    .default(0)
    .describe('Everything drawn at random follows from it: same file, same seed, same replies, same bytes.'),
  target: z.int().min(1).optional().describe('End at exactly so many kept rows.'),
  limit: z
    .int()
    .min(1)
    .max(2 ** 31 - 1)
    .optional()
    .describe('End after so many source rows, whatever is kept.'),
  store: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Folder of the store, which keeps every reply that a model gave, so that nothing is asked twice, in this run or ' +
        'another; `.store` beside the run folder if absent, `none` to do without.',
    ),
  publicEnv: z
    .array(z.string())
    .default([])
    .describe(
      'Names of environment variables whose values may be written and shown. Of all others that the file fills in, logs, records, ' +
        'messages and the card have `${NAME}` again.',
    ),
  budget: z
    .strictObject({
      money: z
        .record(currencyName, z.number().gt(0).max(1e12))
        .optional()
        .describe('The most money, by currency, as { USD: 50 }. Each model that is asked needs a `price`.'),
      tokens: z.int().min(1).optional().describe('The most tokens, of prompts and replies together.'),
      requests: z.int().min(1).optional().describe('The most requests that are sent, tries again included.'),
      gpuHours: z.number().gt(0).optional().describe('The most GPU hours; needs `gpus` of a model.'),
      wallHours: z.number().gt(0).optional().describe('The most hours that its starts may take together.'),
    })
    .optional()
    .describe(
      'Ends the run before all its starts together have spent more, with ERR_BUDGET; with a larger one the same command goes on. ' +
        'Decides no row. See cost.md.',
    ),
  estimate: z
    .strictObject({
      steps: z
        .record(
          z.string(),
          z.strictObject({
            keptShare: z
              .number()
              .min(0)
              .max(1000)
              .default(1)
              .describe('Rows that leave the step for each that comes.'),
            requests: z.number().min(0).default(1).describe('Requests for each row that comes.'),
            promptTokens: z.number().min(0).default(0).describe('Tokens of a request’s prompt.'),
            completionTokens: z.number().min(0).default(0).describe('Tokens of all its replies together.'),
          }),
        )
        .optional()
        .describe('By the labels of the steps.'),
      models: z
        .record(
          z.string(),
          z.strictObject({
            tokensPerS: z
              .number()
              .gt(0)
              .describe('Tokens of replies that one server writes in a second when it is full.'),
          }),
        )
        .optional()
        .describe('By the names of the models.'),
    })
    .optional()
    .describe('What rows cost, for `plan --estimate` where no run tells it. Decides no row. See cost.md.'),
  models: z.record(z.string(), z.unknown()).default({}).describe('Named roles: each an engine or a server.'),
  source: z
    .strictObject({
      ...sourceOptions,
      windowRows: z
        .int()
        .min(1)
        .default(2048)
        .describe(
          'How many source rows may be in flight at once: the bound on memory. About 8-16 × the slots of all servers.',
        ),
      markers: z
        .enum(['reject', 'keep'])
        .default('reject')
        .describe(
          'What becomes of a row of the source that holds a control token of a chat template as text, such as `<|im_end|>`: ' +
            '`reject` it with ROW_MARKER, or `keep` it. Models are not sent such texts in either case.',
        ),
      batchRows: z.int().min(1).max(65536).default(32).describe('Rows a record batch; far below windowRows.'),
    })
    .prefault({})
    .describe(`Where rows come from; without ${anyFormat}, empty rows for \`generate\` to fill.`),
  operators: z
    .array(
      z.union(
        [
          z.string().min(1),
          z.strictObject({
            from: z.string().min(1).describe('The folder, module or package.'),
            as: z
              .record(z.string(), z.string())
              .describe('The name of an operator there → that of its step here, where the former is taken.'),
          }),
        ],
        { error: 'expected a path, the name of a package, or `{ from: …, as: { name: step } }`' },
      ),
    )
    .max(100)
    .default([])
    .describe(
      'Where steps come from that are not of this package: folders or modules with operators (a path begins with `./`), or names of ' +
        'installed packages. Each needs a manifest, which `scalequest describe` writes; see custom.md.',
    ),
  steps: z.array(z.unknown()).min(1).describe('The operators, in order.'),
  output: z
    .strictObject({
      folder: z.string().optional().describe('The run folder; `runs/<name>` if absent.'),
      columns: z
        .array(z.string())
        .min(1)
        .optional()
        .describe('Columns written, in this order; all if absent.'),
      shardRows: z
        .int()
        .min(1)
        .default(10_000)
        .describe(
          'Kept rows a shard. Where fewer than a tenth of the rows is kept, shards hold fewer: a commit also comes ten times as many ' +
            'source rows after the one before, 10,000 at least.',
        ),
      rowGroupRows: z.int().min(1).max(65_536).default(4096).describe('Rows a Parquet row group.'),
      zstdLevel: z.int().min(1).max(19).default(3).describe('zstd level of the shards.'),
      lostReplyCharsMax: z
        .union([z.int().min(0), z.literal('all')])
        .default(LOST_REPLY_CHARS_MAX)
        .describe(
          'Most characters of what a model wrote that the table of lost rows holds for a row; `all` for the whole reply, 0 for ' +
            'none. May be changed between two starts of a run.',
        ),
    })
    .prefault({})
    .describe('How the kept rows are written.'),
  exports: z
    .record(exportName, exportSchema)
    .refine(
      (exports) => differ(Object.keys(exports)),
      'expected names that differ by more than capitals: they are names of folders',
    )
    .default({})
    .describe(
      'The set again in forms that training frameworks take, in `exports/<name>` of the run folder. May be changed after the ' +
        'run: the same command writes them.',
    ),
  train: z
    .array(trainingSchema)
    .default([])
    .describe(
      'Trainings that are launched in this order when the run is complete and its models are closed; see train.md. May be ' +
        'changed after the run: `scalequest train` launches them.',
    ),
});

export const stepLabel = z
  .string()
  .regex(/^[a-zA-Z][a-zA-Z0-9-]*$/, 'expected letters, digits and hyphens, starting with a letter')
  .refine(
    (label) => label !== 'target',
    'expected another name: rows that a target has no room for are counted under it',
  )
  .describe('Names the step in counters, seeds and errors, where one operator is used twice.');

export const stepEnabled = z
  .boolean()
  .default(true)
  .describe('`false` switches the step off, as if it were not in the file.');

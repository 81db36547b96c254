import { z } from 'zod';
import { ScaleQuestError } from '../../errors.js';
import { noHub } from '../hub/hubAccess.js';
import { csv } from './csv.js';
import { checkNames, describeFiles, fileOptions } from './fileOptions.js';
import type { SourceFormat } from './format.js';
import { json } from './json.js';
import { jsonl } from './jsonl.js';
import { parquet } from './parquet.js';
import { tsv } from './tsv.js';

const { columns, from } = fileOptions('files of a hub').shape;

const schema = z
  .strictObject({
    dataset: z
      .string()
      .regex(/^[A-Za-z0-9][\w.-]{0,95}(\/[A-Za-z0-9][\w.-]{0,95})?$/, 'expected owner/name, as openai/gsm8k')
      .describe('The data set: owner/name.'),
    config: z
      .string()
      .min(1)
      .optional()
      .describe('The config (subset) of the set; the only one, or `default`, if absent. Not with `files`.'),
    split: z.string().min(1).default('train').describe('The split. Not with `files`.'),
    files: z
      .union([z.string().min(1), z.array(z.string().min(1)).min(1)])
      .optional()
      .describe(
        'Files of the repository, all of one format: a path, a pattern (`data/*.jsonl`), or several. If absent, the Parquet files ' +
          'that the hub has made of the set (its branch refs/convert/parquet) are read.',
      ),
    revision: z
      .string()
      .min(1)
      .optional()
      .describe(
        'A branch, a tag or a commit; `main` with `files`, else refs/convert/parquet, if absent. A run reads to its end the commit ' +
          'at which it began.',
      ),
    columns,
    from,
  })
  .superRefine(({ files, config }, context) => {
    if (files === undefined || config === undefined) return;
    const message =
      'expected no `files` with it: a config is known of the Parquet files that the hub has made';
    context.addIssue({ code: 'custom', path: ['config'], message });
  })
  .superRefine(checkNames)
  .describe(
    'Rows from a data set of the Hugging Face hub, read by ranges. The token is in HF_TOKEN, another hub in HF_ENDPOINT.',
  );

/** The formats that files of a hub may have. */
const READ = { parquet, jsonl, json, csv, tsv };

/** A data set of a hub. Nothing of it is asked before rows are read. */
export const hub: SourceFormat<typeof schema> = {
  extensions: [],
  schema,
  describe: (options) => ({ ...describeFiles({ ...options, path: [] }), paths: [] }),
  // No file is listed before a run, so no head is read.
  readHead: async () => ({ rows: 0, isWhole: false, columns: new Set(), isSchema: false }),
  async *open(_files, request, options) {
    const { dataset, files, revision, config, split } = options;
    if (!request.hub) throw noHub(dataset);
    const [{ openHubDataset }, { CONVERTED, pickFiles }] = await Promise.all([
      import('../hub/hubDataset.js'),
      import('../hub/pickFiles.js'),
    ]);
    const whole = revision ?? (files === undefined ? CONVERTED : 'main');
    const opened = await openHubDataset({ dataset, revision: whole }, request.hub);
    const picked = pickFiles(await opened.list(), { dataset, files, config, split });
    const format = formatOf(picked, dataset);
    const paths = picked.map(opened.nameOf);
    const parsed = format.schema.parse({ path: paths, columns: options.columns, from: options.from });
    yield* format.open(opened.files, { ...request, paths }, parsed);
  },
};

function formatOf(paths: readonly string[], dataset: string): SourceFormat {
  const formats = Object.values(READ) as SourceFormat[];
  const found = formats.filter(({ extensions }) => paths.every((path) => hasExtension(path, extensions)));
  if (found[0]) return found[0];
  const endings = formats.flatMap(({ extensions }) => extensions).join(', ');
  const message = `found ${paths[0]} among the files of ${dataset}, expected files of one format: ${endings}`;
  throw new ScaleQuestError('ERR_DATA_INVALID', message);
}

function hasExtension(path: string, extensions: readonly string[]): boolean {
  return extensions.some((extension) => path.toLowerCase().endsWith(extension));
}

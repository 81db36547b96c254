import { join, resolve } from 'node:path';
import type { Column } from '../../../arrow/columnType.js';
import type { ScaleQuestError } from '../../../errors.js';
import type { OperatorSpec } from '../../../operators/lib/operator.js';
import { isPath } from '../../../train/command.js';
import { type Training, labelOf } from '../../../train/schema.js';
import { TRAINING_TASKS, type TrainingTask } from '../../../train/tasks.js';
import type { CheckDeps } from '../checkDeps.js';
import { type KeyPath, type PipelineDocument, problem } from '../../document.js';
import { describeExport } from '../../../io/exports/registry.js';
import { suggestion } from '../../nearest.js';
import { own } from '../../own.js';
import type { Plan } from '../../plan.js';

interface TrainingContext {
  /** The folder of the pipeline file. */
  folder: string;
  entries: readonly { spec?: OperatorSpec; step?: { label: string } }[];
  deps: Pick<CheckDeps, 'env' | 'exists' | 'isPending'>;
}

/** What is known of the data set. */
interface KnownSet {
  /** Null where a step's module, which is not loaded, writes more of them. */
  columns: readonly Column[] | null;
  /** Columns and exports that the set goes without. */
  omitted: Plan['omitted'];
}

type Add = (code: 'ERR_PIPELINE_COLUMN' | 'ERR_PIPELINE_INVALID', at: KeyPath, text: string) => void;

/** Finds mistakes in `train`, which would otherwise show only after hours of generation. */
export function checkTraining(
  document: PipelineDocument,
  settings: Plan['settings'],
  known: KnownSet,
  context: TrainingContext,
  problems: ScaleQuestError[],
): void {
  const labels = new Set<string>();
  for (const [index, training] of settings.train.entries()) {
    const add: Add = (code, at, text) =>
      void problems.push(problem(code, document.at(['train', index, ...at]), text));
    const label = labelOf(training);
    if (labels.has(label))
      add(
        'ERR_PIPELINE_INVALID',
        [],
        `a training before it is called "${label}" too; give one another \`label\``,
      );
    labels.add(label);
    for (const name of training.env.filter((wanted) => own(context.deps.env, wanted) === undefined))
      add(
        'ERR_PIPELINE_INVALID',
        ['env'],
        `the environment variable ${name} is not set; set it, or take it out`,
      );
    checkModel(settings.train.slice(0, index), training, context, add);
    checkColumns(settings, training, known, add);
    checkWhen(training, known, context, add);
  }
}

/** The folder that training starts from. It need not exist yet if an earlier training will write it. */
function checkModel(
  earlier: readonly Training[],
  { trl }: Training,
  { folder, deps }: TrainingContext,
  add: Add,
): void {
  if (!trl || !isPath(trl.model)) return;
  const path = resolve(folder, trl.model);
  const isMade = earlier.some(({ output }) => output !== undefined && resolve(folder, output) === path);
  const configs = ['config.json', 'adapter_config.json'];
  if (isMade || deps.isPending?.(path, 'other') || configs.some((name) => deps.exists(join(path, name))))
    return;
  add(
    'ERR_PIPELINE_INVALID',
    ['trl', 'model'],
    `found no config.json in ${path}, expected a model in Hugging Face’s form; a path starts at the pipeline file`,
  );
}

function checkColumns(
  settings: Plan['settings'],
  training: Training,
  { columns, omitted }: KnownSet,
  add: Add,
): void {
  const { trl, export: exported } = training;
  if (exported !== undefined && Object.hasOwn(omitted.exports, exported)) {
    const message =
      `the export ${exported} reads ${omitted.exports[exported]}, and the step that writes it is switched off; ` +
      'switch it on, or leave the training out: `train: []`';
    add('ERR_PIPELINE_COLUMN', ['export'], message);
    return;
  }
  const form = exported === undefined ? undefined : own(settings.exports, exported);
  if (exported !== undefined && !form) {
    add(
      'ERR_PIPELINE_INVALID',
      ['export'],
      `no export is called "${exported}"; ${suggestion(exported, Object.keys(settings.exports))}`,
    );
    return;
  }
  if (!trl || (!form && columns === null)) return;
  const names = form ? describeExport(form).writes.map(([element]) => element!.name) : textColumns(columns!);
  const { columns: wanted }: TrainingTask = TRAINING_TASKS[trl.task];
  const sets = wanted.map((set) => set.join(', ')).join('; or ');
  const read = names.filter((name) => wanted.some((set) => set.includes(name)));
  if (wanted.some((set) => set.length === read.length && set.every((name) => read.includes(name)))) return;
  const isAmbiguous = wanted.some((set) => set.every((name) => read.includes(name)));
  const message = isAmbiguous
    ? `${trl.task} reads the columns ${sets}; found ${read.join(', ')}, which can be read in two ways. ` +
      'Leave some out with `output.columns`'
    : `${trl.task} reads the columns ${sets}; found ${names.join(', ') || 'none of text'}. ` +
      'Write them in a step, or train on one of `exports`';
  add('ERR_PIPELINE_COLUMN', ['trl', 'task'], message);
}

/** TRL reads prompts and replies as texts. */
function textColumns(columns: readonly Column[]): string[] {
  return columns.filter(({ type }) => type === 'string').map(({ name }) => name);
}

function checkWhen(
  { when }: Training,
  { columns, omitted }: KnownSet,
  { entries }: TrainingContext,
  add: Add,
): void {
  const reward = columns?.find(({ name }) => name === 'reward');
  const isUnscored = reward !== undefined && omitted.columns.includes('rewards');
  const isLacking = columns !== null && (reward?.type !== 'float64' || isUnscored);
  if (when.rewardMeanMin !== undefined && isLacking)
    add(
      'ERR_PIPELINE_COLUMN',
      ['when', 'rewardMeanMin'],
      'the set has no column `reward` of numbers; add `scoreReward` and `keepBest`',
    );
  // A step with a mistake may have figures, so nothing is said about them.
  if (entries.some(({ step }) => !step)) return;
  const steps = entries.flatMap(({ spec, step }) => (spec?.figures ? [step!.label] : []));
  for (const bound of ['figuresMin', 'figuresMax'] as const) {
    for (const path of Object.keys(when[bound])) {
      if (steps.some((label) => path.startsWith(`${label}.`))) continue;
      const text = `no step has the figure "${path}"; ${suggestion(path.split('.')[0]!, steps)}`;
      add('ERR_PIPELINE_INVALID', ['when', bound, path], text);
    }
  }
}

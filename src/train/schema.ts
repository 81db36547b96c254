import { z } from 'zod';
import { PLACEHOLDERS, unknownPlaceholders } from './placeholders.js';
import { TASK_NAMES, TRAINING_TASKS } from './tasks.js';

const words = z.string().superRefine((text, context) => {
  for (const name of unknownPlaceholders(text)) {
    const message = `expected one of ${PLACEHOLDERS.map((known) => `{{ ${known} }}`).join(', ')}; there is no {{ ${name} }}`;
    context.addIssue({ code: 'custom', message, input: text });
  }
});

const TASKS = TASK_NAMES.map((name) => `${name}: ${TRAINING_TASKS[name].help}`).join('; ');

/** TRL's arguments that follow from the rest of the file. */
const OWN_ARGUMENTS: Record<string, string> = {
  model_name_or_path: '`model`',
  dataset_name: '`export`',
  dataset_config: '`export`',
  output_dir: '`output`',
  resume_from_checkpoint: 'the checkpoints in `output`',
};

const argument = z.union([
  words,
  z.number(),
  z.boolean(),
  z.array(z.union([z.string(), z.number()])).min(1),
  z.record(z.string(), z.unknown()),
]);

const trl = z.strictObject({
  task: z.enum(TASK_NAMES).describe(`What to train. ${TASKS}.`),
  model: z
    .string()
    .min(1)
    .describe(
      'The model that training starts from: a folder (`./…` or absolute), or a name on the Hugging Face hub.',
    ),
  args: z
    .record(
      z.string().regex(/^[a-z][a-z0-9_]*$/i, 'expected a name as TRL writes it, such as learning_rate'),
      argument,
    )
    .superRefine((args, context) => {
      for (const name of Object.keys(args).filter((key) => Object.hasOwn(OWN_ARGUMENTS, key))) {
        const message = `expected no ${name} here: it follows from ${OWN_ARGUMENTS[name]}`;
        context.addIssue({ code: 'custom', message, path: [name] });
      }
    })
    .default({})
    .describe('Arguments of `trl`, such as `learning_rate: 1.0e-5`; they win over those of the task.'),
  program: z
    .array(z.string().min(1))
    .min(1)
    .default(['trl'])
    .describe('How TRL is called, as [.venv/bin/trl].'),
});

const share = z.number().min(0).max(1);

const when = z.strictObject({
  rowsMin: z.int().min(1).default(1).describe('Rows kept.'),
  keptShareMin: share.optional().describe('Rows kept as a share of the source’s, 0 to 1.'),
  rewardMeanMin: z.number().optional().describe('Mean of the column `reward` of the kept rows.'),
  figuresMin: z
    .record(z.string(), z.number())
    .default({})
    .describe('Figures of steps in report.json by their path, as `decontaminate.gsm8k.cleanShare: 0.99`.'),
  figuresMax: z.record(z.string(), z.number()).default({}).describe('The same, with upper bounds.'),
});

export const trainingSchema = z
  .strictObject({
    label: z
      .string()
      .regex(/^[a-zA-Z][a-zA-Z0-9-]*$/, 'expected letters, digits and hyphens, starting with a letter')
      .optional()
      .describe('Names the training; the task or the program if absent.'),
    trl: trl.optional().describe('Trains with TRL’s command line.'),
    command: z
      .array(words.min(1))
      .min(1)
      .optional()
      .describe(
        `Any other trainer: the program and its arguments, each as it is, without a shell. Filled in: ${PLACEHOLDERS.map(
          (name) => `{{ ${name} }}`,
        ).join(', ')}.`,
      ),
    resume: z
      .array(words.min(1))
      .default([])
      .describe(
        'Arguments added to `command` when an earlier start left a checkpoint, as [--resume, "{{ checkpoint }}"]. TRL needs none.',
      ),
    export: z
      .string()
      .optional()
      .describe('Train on this one of `exports` instead of the set as it is written.'),
    output: z
      .string()
      .min(1)
      .optional()
      .describe(
        'Folder of the trained model, relative to the pipeline file; `output` in the training’s own folder if absent.',
      ),
    env: z
      .array(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'expected the name of an environment variable'))
      .default([])
      .describe(
        'Names of environment variables that the trainer is given beside those of the system, the GPU and the caches, ' +
          'as [HF_TOKEN, WANDB_API_KEY]. Their values are taken out of its log.',
      ),
    timeoutMs: z.int().min(1).optional().describe('How long it may take in all, in milliseconds.'),
    silentMs: z
      .int()
      .min(1)
      .default(1_800_000)
      .describe('A trainer that prints nothing for so long counts as hung and is stopped, in milliseconds.'),
    stopGraceMs: z
      .int()
      .min(1)
      .default(30_000)
      .describe('How long it has to end by itself when it is stopped, in milliseconds.'),
    when: when.prefault({}).describe('Launch only if all of these hold for the finished run.'),
  })
  .superRefine(({ trl: byTrl, command, resume }, context) => {
    const count = [byTrl, command].filter((way) => way !== undefined).length;
    if (count !== 1) {
      const message = `expected one of \`trl\` and \`command\`, found ${count === 0 ? 'neither' : 'both'}`;
      context.addIssue({ code: 'custom', message });
    }
    if (byTrl && resume.length > 0) {
      const message = 'expected no `resume` with `trl`: it goes on from its last checkpoint by itself';
      context.addIssue({ code: 'custom', message, path: ['resume'] });
    }
  });

export type Training = z.output<typeof trainingSchema>;

/** What a training is called in messages. */
export function labelOf({ label, trl: byTrl, command }: Training): string {
  return label ?? byTrl?.task ?? command![0]!.split('/').at(-1)!;
}

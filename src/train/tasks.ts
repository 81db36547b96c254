/** What TRL is asked to do: the sub-command, the columns it reads, and the settings of the paper where the task is one of its. */
export interface TrainingTask {
  /** Sub-command of `trl`. */
  trl: 'sft' | 'dpo' | 'reward';
  help: string;
  /** One of these sets of columns must be there, and no other column that any of them names. */
  columns: readonly (readonly string[])[];
  args: Readonly<Record<string, ArgumentValue>>;
}

export type ArgumentValue =
  string | number | boolean | readonly (string | number)[] | Record<string, unknown>;

// TRL 1.16 takes any set with `prompt` for prompts and completions, and ends `text` alone where both are there.
const SFT_COLUMNS = [['messages'], ['prompt', 'completion'], ['text']];
const DPO_COLUMNS = [['prompt', 'chosen', 'rejected']];

/**
 * Batches are given for one process: 128 in the paper is `per_device_train_batch_size` × `gradient_accumulation_steps` × GPUs.
 * The paper is arXiv 2410.18693v2; what it leaves out is taken from the scripts its authors published.
 */
export const TRAINING_TASKS = {
  sft: {
    trl: 'sft',
    help: 'supervised fine-tuning with TRL’s own defaults',
    columns: SFT_COLUMNS,
    args: {},
  },
  dpo: {
    trl: 'dpo',
    help: 'direct preference optimisation with TRL’s own defaults',
    columns: DPO_COLUMNS,
    args: {},
  },
  reward: {
    trl: 'reward',
    help: 'a reward model with TRL’s own defaults',
    columns: [['chosen', 'rejected']],
    args: {},
  },
  // Section 2.1 and the authors' script: one epoch over packed questions of at most 256 tokens, 1 × 4 on each of 8 GPUs.
  qft: {
    trl: 'sft',
    help: 'question fine-tuning: a model learns to write questions; the paper’s settings',
    columns: SFT_COLUMNS,
    args: {
      num_train_epochs: 1,
      learning_rate: 2e-5,
      per_device_train_batch_size: 1,
      gradient_accumulation_steps: 4,
      packing: true,
      max_length: 256,
    },
  },
  // Section 2.2 and the authors' script: beta 0.1, batch 128, 20 steps of warm-up; the reference is the model it starts from.
  qpo: {
    trl: 'dpo',
    help: 'question preference optimisation of a fine-tuned generator; the paper’s settings',
    columns: DPO_COLUMNS,
    args: {
      num_train_epochs: 1,
      learning_rate: 5e-7,
      lr_scheduler_type: 'cosine',
      warmup_steps: 20,
      per_device_train_batch_size: 4,
      gradient_accumulation_steps: 32,
      beta: 0.1,
      loss_type: ['sigmoid'],
      max_length: 1024,
    },
  },
  // 4,096 tokens: the paper's responses have at most 2,048, and TRL's 1,024 would cut off the end, where the answer is.
  // Section 3.1: three epochs, cosine, 3 % warm-up; 1e-5 (the paper takes 5e-5 for Llama3-8B and DeepSeekMath-7B).
  solver: {
    trl: 'sft',
    help: 'instruction tuning on questions and responses; the paper’s settings',
    columns: SFT_COLUMNS,
    args: {
      num_train_epochs: 3,
      learning_rate: 1e-5,
      lr_scheduler_type: 'cosine',
      warmup_steps: 0.03,
      max_length: 4096,
    },
  },
} as const satisfies Record<string, TrainingTask>;

export type TaskName = keyof typeof TRAINING_TASKS;

export const TASK_NAMES = Object.keys(TRAINING_TASKS) as [TaskName, ...TaskName[]];

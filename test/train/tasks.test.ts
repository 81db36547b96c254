import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TASK_NAMES, TRAINING_TASKS, type TrainingTask } from '../../src/train/tasks.js';

const TASKS: [string, TrainingTask][] = Object.entries(TRAINING_TASKS);

test('every task is named, and is one of the sub-commands of TRL that read its columns', () => {
  assert.deepEqual([...TASK_NAMES], Object.keys(TRAINING_TASKS));
  const columns = { sft: 'messages', dpo: 'prompt', reward: 'chosen' };
  for (const [name, task] of TASKS) {
    assert.equal(task.columns[0]![0], columns[task.trl], name);
    assert.equal(new Set(task.columns.map((set) => set.join())).size, task.columns.length, name);
  }
});

test('tasks with the settings of the paper say so, and give TRL’s own arguments alone', () => {
  for (const [name, { help, args }] of TASKS) {
    assert.equal(Object.keys(args).length > 0, help.includes('the paper’s settings'), name);
    for (const key of Object.keys(args)) assert.match(key, /^[a-z][a-z0-9_]*$/, name);
  }
});

test('question preference optimisation has a batch of 128 and the beta of the paper', () => {
  const {
    per_device_train_batch_size: perDevice,
    gradient_accumulation_steps: steps,
    beta,
  } = TRAINING_TASKS.qpo.args;
  assert.deepEqual([perDevice * steps, beta], [128, 0.1]);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { labelOf, trainingSchema } from '../../src/train/schema.js';

const TRL = { task: 'sft', model: 'm' };

const WRONG: [value: object, message: RegExp][] = [
  [{}, /expected one of `trl` and `command`, found neither/],
  [{ trl: TRL, command: ['x'] }, /found both/],
  [{ trl: TRL, resume: ['x'] }, /expected no `resume` with `trl`/],
  [{ command: ['x', '{{ outptu }}'] }, /there is no \{\{ outptu \}\}/],
  [{ trl: { ...TRL, args: { run_name: '{{ x }}' } } }, /there is no \{\{ x \}\}/],
  [{ trl: { ...TRL, args: { output_dir: 'x' } } }, /expected no output_dir here: it follows from `output`/],
  [{ trl: { ...TRL, args: { dataset_name: 'x' } } }, /it follows from `export`/],
  [{ trl: { ...TRL, args: { '--beta': 1 } } }, /expected a name as TRL writes it/],
  [{ command: [] }, /Too small|at least|>=1/],
  [{ command: ['x'], env: ['A=b'] }, /expected the name of an environment variable/],
  [{ command: ['x'], when: { rowsMin: 0 } }, /rowsMin|>=1/],
  [{ command: ['x'], silentMs: 0 }, />=1/],
];

for (const [value, message] of WRONG) {
  test(`refuses ${JSON.stringify(value)}`, () => {
    const { error } = trainingSchema.safeParse(value);
    assert.match(error!.message, message);
  });
}

test('a training is called by its label, its task or its program', () => {
  const label = (value: object): string => labelOf(trainingSchema.parse(value));
  assert.equal(label({ trl: TRL }), 'sft');
  assert.equal(label({ trl: TRL, label: 'student' }), 'student');
  assert.equal(label({ command: ['/usr/bin/torchrun', 'x'] }), 'torchrun');
});

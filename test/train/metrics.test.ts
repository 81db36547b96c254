import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cpuMsOf } from '../helpers/cpuMs.js';
import { createLineReader, readMetrics } from '../../src/train/metrics.js';

const LINES: [line: string, metrics: Record<string, number> | null][] = [
  // transformers 4
  [
    "{'loss': 1.2345, 'grad_norm': 0.5, 'learning_rate': 2e-05, 'epoch': 0.01}",
    { loss: 1.2345, grad_norm: 0.5, learning_rate: 2e-5, epoch: 0.01 },
  ],
  // transformers 5
  [
    "{'loss': '0.6931', 'rewards/margins': '-1e-3', 'num_tokens': '1149', 'epoch': '1'}",
    { loss: 0.6931, 'rewards/margins': -0.001, num_tokens: 1149, epoch: 1 },
  ],
  [
    "{'train_runtime': '14.64', 'train_loss': '1.478', 'epoch': '1'}",
    { train_runtime: 14.64, train_loss: 1.478, epoch: 1 },
  ],
  // behind a bar that is drawn over itself
  ["  5%|▌  | 1/20 [00:01<00:20]{'loss': 2.0, 'epoch': 0.1}", { loss: 2, epoch: 0.1 }],
  ['{"loss": 0.25, "current_steps": 5, "eta": "0:10:00"}', { loss: 0.25, current_steps: 5 }],
  ["{'loss': nan, 'grad_norm': inf}", { loss: NaN, grad_norm: Infinity }],
  ["{'eval_loss': '3', 'epoch': '1'}", { eval_loss: 3, epoch: 1 }],
  ['1|20|Loss: 1.5: 5%|▌', { loss: 1.5 }],
  ['step 3 loss=2.5e-1, lr=1', { loss: 0.25 }],
  ['train_loss: 0.5', { loss: 0.5 }],
  ['[rank0] loss = -.5 ', { loss: -0.5 }],
  ['loss: nan', { loss: NaN }],
  ["{'learning_rate': 1, 'epoch': 2}", null],
  ['Loading weights: 100%|██| 86/86 [00:00]', null],
  ['weightloss=3', null],
  ['loss=3.x', null],
  ['the loss is 3', null],
  ['', null],
];

for (const [line, metrics] of LINES) {
  test(`reads ${line || 'nothing'}`, () => assert.deepEqual(readMetrics(line), metrics));
}

test('no line makes it fail or take long', () => {
  fc.assert(fc.property(fc.string(), (line) => void readMetrics(line)));
  const parts = ["{'loss': ", '{', "'a': 1, ", 'loss=', '1e', ' ', '1', '.1', "'", '}'];
  const texts = parts.flatMap((part) => {
    const long = part.repeat(20_000);
    return [long, `{${long}}`, `{'loss': ${long}`, `{'loss': ${long}x}`, `loss=${long}x`];
  });
  // In linear time it takes a few milliseconds.
  for (const text of texts) assert.ok(cpuMsOf(() => void readMetrics(text), 100) < 100, text.slice(0, 40));
});

test('lines are the same however they come in pieces', () => {
  const text = 'a\nb\r\n\nbar 1%\rbar 2%\r\n  \nlast';
  const expected = ['a', 'b', 'bar 1%', 'bar 2%', 'last'];
  fc.assert(
    fc.property(fc.array(fc.nat(text.length), { maxLength: 8 }), (cuts) => {
      const lines: string[] = [];
      const reader = createLineReader((line) => lines.push(line));
      const at = [0, ...cuts.sort((a, b) => a - b), text.length];
      at.slice(1).forEach((end, index) => reader.read(text.slice(at[index], end)));
      reader.end();
      assert.deepEqual(lines, expected);
    }),
  );
});

test('a line without an end is given in parts', () => {
  const lines: string[] = [];
  const reader = createLineReader((line) => lines.push(line));
  for (let index = 0; index < 300; index++) reader.read('x'.repeat(1000));
  reader.end();
  assert.equal(lines.join('').length, 300_000);
  assert.ok(lines.every((line) => line.length <= 65_536) && lines.length < 10);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTrainingProgress } from '../../../src/cli/show/trainingProgress.js';
import { createOutput } from './outputs.js';

test('a launch prints its command and log; the line shows what the trainer reports, with its first loss', () => {
  const output = createOutput('lines');
  const progress = createTrainingProgress(output);
  progress.start('solver', ['python', 'train.py'], 'run/log.txt');
  assert.match(output.said[0]!, /training solver: python train\.py\nlog: run\/log\.txt/);
  assert.match(output.said[1]!, /no loss reported yet/);
  progress.metrics({ loss: 2, epoch: 0.5 });
  progress.metrics({ loss: 1.23456 });
  output.timeMs = 4000;
  output.tick();
  assert.match(output.said.at(-1)!, /4 s · epoch 0\.5 · loss 1\.235 · first loss 2$/);
});

test('a log gets no line that says nothing new; a terminal is drawn over, no wider than it is', () => {
  const log = createOutput('lines');
  createTrainingProgress(log).start('a', ['x'], 'l');
  const before = log.said.length;
  log.tick();
  assert.equal(log.said.length, before);
  const terminal = createOutput('bars');
  terminal.columns = 20;
  createTrainingProgress(terminal).start('a', ['x'], 'l');
  terminal.tick();
  assert.deepEqual(terminal.drawn.at(-1), ['training a · 0 s ·…']);
});

test('stop ends the ticks once; before a start it does nothing', () => {
  const output = createOutput('lines');
  const progress = createTrainingProgress(output);
  progress.stop();
  assert.deepEqual(output.said, []);
  progress.start('a', ['x'], 'l');
  progress.stop();
  progress.stop();
  assert.equal(output.stopped, 1);
});

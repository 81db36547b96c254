import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTrainingProgress } from '../../../src/cli/show/trainingProgress.js';

function world(isTerminal: boolean) {
  const written: string[] = [];
  const state = { nowMs: 0, tick: (): void => {}, stopped: 0 };
  const progress = createTrainingProgress({
    write: (text) => void written.push(text),
    isTerminal,
    nowMs: () => state.nowMs,
    every(_, tick) {
      state.tick = tick;
      return () => void (state.stopped += 1);
    },
  });
  return { written, state, progress };
}

test('a launch prints its command and log; the line shows what the trainer reports, with its first loss', () => {
  const { written, state, progress } = world(false);
  progress.start('solver', ['python', 'train.py'], 'run/log.txt');
  assert.match(written[0]!, /training solver: python train\.py\nlog: run\/log\.txt/);
  assert.match(written[1]!, /no loss reported yet/);
  progress.metrics({ loss: 2, epoch: 0.5 });
  progress.metrics({ loss: 1.23456 });
  state.nowMs = 4000;
  state.tick();
  assert.match(written.at(-1)!, /4 s · epoch 0\.5 · loss 1\.235 · first loss 2\n/);
});

test('a log gets no line that says nothing new; a terminal is drawn over', () => {
  const log = world(false);
  log.progress.start('a', ['x'], 'l');
  const before = log.written.length;
  log.state.tick();
  assert.equal(log.written.length, before);
  const terminal = world(true);
  terminal.progress.start('a', ['x'], 'l');
  terminal.state.tick();
  assert.ok(terminal.written.at(-1)!.startsWith('\x1b[1A'));
});

test('stop ends the ticks once; before a start it does nothing', () => {
  const { written, state, progress } = world(false);
  progress.stop();
  assert.deepEqual(written, []);
  progress.start('a', ['x'], 'l');
  progress.stop();
  progress.stop();
  assert.equal(state.stopped, 1);
});

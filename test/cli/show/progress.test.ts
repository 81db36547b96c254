import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ModelStats } from '../../../src/backends/model.js';
import { createProgress, fitted } from '../../../src/cli/show/progress.js';
import { scriptedModel } from '../../helpers/scriptedModel.js';

function world(isTerminal: boolean, target?: number, stats: () => Record<string, ModelStats> = () => ({})) {
  const written: string[] = [];
  const state = { nowMs: 1000, tick: (): void => {}, periodMs: 0, stopped: 0 };
  const progress = createProgress(['generate', 'keepBest'], target, stats, {
    write: (text) => void written.push(text),
    isTerminal,
    nowMs: () => state.nowMs,
    every(periodMs, tick) {
      Object.assign(state, { tick, periodMs });
      return () => void (state.stopped += 1);
    },
  });
  return { written, state, progress };
}

test('counts add up a stage, with rates since the start', () => {
  const { written, state, progress } = world(false, 240, () => ({ tiny: scriptedModel().stats() }));
  progress.start();
  progress.counts('generate', { rowsIn: 30, kept: 20, dropped: 4, rejected: 6 });
  progress.counts('generate', { rowsIn: 10, kept: 10, dropped: 0, rejected: 0 });
  progress.counts('other', { rowsIn: 9, kept: 9, dropped: 0, rejected: 0 });
  progress.delivered(12);
  state.nowMs += 4000;
  state.tick();
  assert.deepEqual(written.at(-1)!.split('\n'), [
    'step                 rows in      kept   dropped  rejected    rows/s',
    'generate                  40        30         4         6      10.0',
    'keepBest                   0         0         0         0       0.0',
    '4 s · 12 of 240 rows kept · tiny 0 in flight, 0 tok/s',
    '',
    '',
  ]);
});

test('a run that goes on begins with what it has', () => {
  const { written, progress } = world(false, 48);
  progress.start(32);
  assert.match(written[0]!, /32 of 48 rows kept/);
});

test('a server that does not answer is named as long as that lasts', () => {
  let trouble: string | undefined = 'model m (x at http://h/v1) cannot be reached (ECONNREFUSED)';
  const model = scriptedModel();
  const { written, state, progress } = world(false, undefined, () => ({ m: { ...model.stats(), trouble } }));
  progress.start();
  assert.match(written.at(-1)!, /^waiting: model m .* cannot be reached \(ECONNREFUSED\)$/m);
  trouble = undefined;
  state.tick();
  assert.doesNotMatch(written.at(-1)!, /waiting/);
});

test('a terminal is drawn over in place, a file is not', () => {
  const terminal = world(true);
  terminal.progress.start();
  terminal.state.tick();
  assert.ok(!terminal.written[0]!.includes('\x1b'));
  assert.ok(terminal.written[1]!.startsWith('\x1b[4A\x1b[0J'));
  const file = world(false);
  file.progress.start();
  file.state.tick();
  assert.ok(file.written.every((text) => !text.includes('\x1b')));
  assert.ok(terminal.state.periodMs < file.state.periodMs);
});

test('stop ends the ticks and leaves the last counts', () => {
  const { written, state, progress } = world(true);
  progress.start();
  progress.delivered(7);
  progress.stop();
  assert.equal(state.stopped, 1);
  assert.match(written.at(-1)!, /7 rows kept/);
});

test('a line that a narrow terminal would wrap is cut: what is redrawn must be as many lines as were drawn', () => {
  assert.equal(fitted('x'.repeat(30), { isTerminal: true, columns: 20 }), 'x'.repeat(20));
  assert.equal(fitted('x'.repeat(30), { isTerminal: true, columns: 0 }), 'x'.repeat(30));
  assert.equal(fitted('x'.repeat(30), { isTerminal: false, columns: 20 }), 'x'.repeat(30));
});

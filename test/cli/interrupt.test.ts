import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { signalOnInterrupt } from '../../src/cli/interrupt.js';

/** Whether a signal to this process aborts. */
function aborts(t: TestContext, name: NodeJS.Signals, isTerminal: boolean): boolean {
  const { signal, dispose } = signalOnInterrupt('stopping', isTerminal);
  t.mock.method(process.stderr, 'write', () => true);
  // What ends the process 8 s later must not end the tests that share it.
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const before = process.listenerCount(name);
  assert.ok(before > 0);
  process.emit(name);
  dispose();
  t.mock.timers.reset();
  t.mock.restoreAll();
  return signal.aborted;
}

test('a terminal that ends stops the command, and nothing where there is none', (t) => {
  for (const name of ['SIGINT', 'SIGTERM'] as const)
    for (const isTerminal of [true, false]) assert.equal(aborts(t, name, isTerminal), true, name);
  assert.equal(aborts(t, 'SIGHUP', true), true);
  for (let times = 0; times < 3; times++) assert.equal(aborts(t, 'SIGHUP', false), false);
  // What does nothing stays, once; what stops goes with its command.
  const counts = (['SIGHUP', 'SIGINT', 'SIGTERM'] as const).map((name) => process.listenerCount(name));
  assert.deepEqual(counts, [1, 0, 0]);
});

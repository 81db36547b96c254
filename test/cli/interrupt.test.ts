import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { signalOnInterrupt } from '../../src/cli/interrupt.js';

/** Whether a signal to this process aborts. */
function aborts(t: TestContext, name: NodeJS.Signals, isTerminal: boolean): boolean {
  const { signal, dispose } = signalOnInterrupt('stopping', isTerminal);
  t.mock.method(process.stderr, 'write', () => true);
  const before = process.listenerCount(name);
  assert.ok(before > 0);
  process.emit(name);
  dispose();
  assert.equal(process.listenerCount(name), before - 1);
  t.mock.restoreAll();
  return signal.aborted;
}

test('a terminal that ends stops the command, and nothing where there is none', (t) => {
  for (const name of ['SIGINT', 'SIGTERM'] as const)
    for (const isTerminal of [true, false]) assert.equal(aborts(t, name, isTerminal), true, name);
  assert.equal(aborts(t, 'SIGHUP', true), true);
  assert.equal(aborts(t, 'SIGHUP', false), false);
});

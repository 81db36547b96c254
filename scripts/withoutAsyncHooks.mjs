// Imported before the tests of a process (scripts/runTests.mjs).
//
// Node's test runner follows each promise with an async hook, to know in which suite a test stands, and in which test an error was
// thrown that nobody caught. With it an awaited value costs ten times the CPU, and tests that await much half as much again. Here
// suites and tests say themselves that they run, and such an error counts as one of the test that runs.
import { AsyncResource, createHook, executionAsyncId } from 'node:async_hooks';

const AsyncHook = Object.getPrototypeOf(createHook({}));
const { enable } = AsyncHook;

AsyncHook.enable = function () {
  const [tell, forget] = ['init', 'destroy'].map((name) => callbackOf(this, name));
  // Where the test runner of a later Node has another hook, or none, it is left alone.
  if (!tell || !forget || !new Error().stack.includes('node:internal/test_runner/')) return enable.call(this);
  AsyncHook.enable = enable;
  followTests(tell, forget);
  return this;
};

/** What a hook calls for each resource: with its number, type, the number of what made it, and itself. */
function callbackOf(hook, name) {
  const key = Object.getOwnPropertySymbols(hook).find(({ description }) => description === name);
  return hook[key];
}

const OF_RUNNER = ['Suite', 'Test', 'TestHook'];

function followTests(tell, forget) {
  const { runInAsyncScope } = AsyncResource.prototype;
  let running = [];

  // A suite, a test or a hook of it is an async resource and runs as one.
  AsyncResource.prototype.runInAsyncScope = function (...args) {
    const { name } = this.constructor;
    if (OF_RUNNER.includes(name)) tell(this.asyncId(), name, this.triggerAsyncId(), this);
    if (name === 'Test') running = [...running.filter(isRunning), this];
    return runInAsyncScope.apply(this, args);
  };

  /** The runner, which is called next, finds the test that runs for what is executed now. */
  function blame() {
    const test = running.findLast(isRunning);
    if (!test) return;
    const id = executionAsyncId();
    tell(id, 'Error', test.asyncId(), {});
    process.nextTick(forget, id);
  }

  process.on('uncaughtExceptionMonitor', (_error, origin) => origin === 'uncaughtException' && blame());
  process.on('unhandledRejection', (error) => {
    // The runner has taken its own listener away: as if there were none.
    if (process.listenerCount('unhandledRejection') === 1) throw error;
    blame();
  });
}

/** Not of the root of all tests either, which fails nothing. */
function isRunning(test) {
  return test.parent !== null && !test.finished;
}

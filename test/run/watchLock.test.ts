import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ScaleQuestError } from '../../src/errors.js';
import { watchLock } from '../../src/run/watchLock.js';
import { simulatedClock } from '../helpers/simulatedClock.js';

test('a lock that is another’s ends the run within two seconds; one that cannot be read for a while does not', async () => {
  const clock = simulatedClock();
  let failure: ScaleQuestError | null = new ScaleQuestError('ERR_IO_READ', 'EIO');
  const assertHeld = async (): Promise<void> => {
    if (failure) throw failure;
  };
  const watch = watchLock({ assertHeld }, clock, new AbortController().signal);
  await clock.until(clock.sleep(10_000));
  failure = null;
  await clock.until(clock.sleep(10_000));
  assert.equal(watch.signal.aborted, false);
  failure = new ScaleQuestError('ERR_RUN_TAKEN_OVER', 'lost');
  await clock.until(clock.sleep(2_000));
  assert.equal(watch.signal.aborted, true);
  await watch.end();
});

test('the signal of the run comes through, and the end of the run ends the watch', async () => {
  const clock = simulatedClock();
  const run = new AbortController();
  let looks = 0;
  const watch = watchLock({ assertHeld: async () => void (looks += 1) }, clock, run.signal);
  run.abort();
  assert.equal(watch.signal.aborted, true);
  await watch.end();
  await clock.until(clock.sleep(10_000));
  assert.equal(looks, 0);
});

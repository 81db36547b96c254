import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GRADE_LIMITS } from '../../../src/grade/compare/budget.js';
import type { Graded } from '../../../src/grade/worker/graderMessages.js';
import { type GraderThread, createGraderThread } from '../../../src/grade/worker/graderThread.js';

/** A real thread, with what it tells as promises. */
function open(): {
  thread: GraderThread;
  ready: () => Promise<void>;
  graded: Graded[];
  next: () => Promise<void>;
} {
  let onReady = (): void => {};
  let onNext = (): void => {};
  const graded: Graded[] = [];
  const thread = createGraderThread(
    { seed: 1, limits: GRADE_LIMITS },
    {
      onReady: () => onReady(),
      onGraded(message) {
        graded.push(message.graded);
        onNext();
      },
      onError() {
        graded.push({ grade: 'ROW_GRADE_FAILED' });
        onNext();
      },
    },
  );
  return {
    thread,
    graded,
    ready: () => new Promise((resolve) => void (onReady = resolve)),
    next: () => new Promise((resolve) => void (onNext = resolve)),
  };
}

test('the thread starts with the first wake, and takes a task once it is ready', async () => {
  const { thread, ready, graded, next } = open();
  const started = ready();
  assert.equal(thread.wake(), false);
  await started;
  assert.equal(thread.wake(), true);
  const told = next();
  thread.post({ gold: '1', answer: '1.0', others: [] });
  await told;
  assert.deepEqual(graded, [{ grade: 'correct' }]);
  await thread.stop();
});

test('a stopped thread tells nothing any more; the next wake starts another', async () => {
  const { thread, ready, graded, next } = open();
  let started = ready();
  thread.wake();
  await started;
  thread.post({ gold: '1', answer: '1', others: [] });
  await thread.stop();
  assert.deepEqual(graded, []);
  started = ready();
  assert.equal(thread.wake(), false);
  await started;
  const told = next();
  thread.post({ gold: '1', answer: '2', others: ['3'] });
  await told;
  assert.deepEqual(graded, [{ grade: 'wrong', sameAs: null }]);
  await thread.stop();
});

test('what ends the thread is told once, and the next wake starts another', async () => {
  const { thread, ready, graded, next } = open();
  let started = ready();
  thread.wake();
  await started;
  const told = next();
  thread.post(null as never);
  await told;
  assert.equal(graded.length, 1);
  started = ready();
  assert.equal(thread.wake(), false);
  await started;
  assert.equal(thread.wake(), true);
  await thread.stop();
});

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { systemClock } from '../../../src/clock.js';
import { GRADE_LIMITS } from '../../../src/grade/compare/budget.js';
import { type Grader, createGrader } from '../../../src/grade/worker/grader.js';
import { HOSTILE } from '../hostile.js';

const open: Grader[] = [];
after(() => Promise.all(open.map((grader) => grader.close())));

function graderOf(more: Partial<Parameters<typeof createGrader>[0]> = {}): Grader {
  const grader = createGrader({ seed: 1, limits: GRADE_LIMITS, timeoutMs: 5000, ...more });
  open.push(grader);
  return grader;
}

/** Work without end for the limits below: sines of 50 digits, many thousand of them. */
const ENDLESS = Array.from({ length: 20_000 }, (_, at) => `\\sin(x+${at})`).join('+');
const LIMITLESS = { charsMax: 1e9, depthMax: 60, bitsMax: 16_384, workMax: Infinity };

test('answers are graded in order, each with its own verdict', async () => {
  const grader = graderOf();
  const graded = await Promise.all([
    grader.grade({ gold: '\\frac12', answer: '0.5', others: [] }),
    grader.grade({ gold: '\\frac12', answer: '2', others: ['3', '\\sqrt{4}', '2'] }),
    grader.grade({ gold: '\\frac12', answer: '4', others: ['3'] }),
    grader.grade({ gold: '5', answer: '1/'.repeat(1900) + '1', others: [] }),
  ]);
  assert.deepEqual(graded, [
    { grade: 'correct' },
    { grade: 'wrong', sameAs: 1 },
    { grade: 'wrong', sameAs: null },
    { grade: 'ROW_GRADE_LIMIT' },
  ]);
});

test('an answer past its deadline is not graded, those behind it are, by a new thread', async () => {
  const grader = graderOf({ limits: LIMITLESS, timeoutMs: 300 });
  const graded = await Promise.all([
    grader.grade({ gold: '1', answer: '1.0', others: [] }),
    grader.grade({ gold: 'x', answer: ENDLESS, others: [] }),
    grader.grade({ gold: '2', answer: '\\sqrt4', others: [] }),
    grader.grade({ gold: 'x', answer: ENDLESS, others: [] }),
    grader.grade({ gold: '3', answer: '4', others: [] }),
  ]);
  assert.deepEqual(
    graded.map(({ grade }) => grade),
    ['correct', 'ROW_GRADE_TIMEOUT', 'correct', 'ROW_GRADE_TIMEOUT', 'wrong'],
  );
});

test('the event loop runs on while an answer is graded', async () => {
  const grader = graderOf({ limits: LIMITLESS, timeoutMs: 400 });
  await grader.grade({ gold: '1', answer: '1', others: [] });
  let done = false;
  let turns = 0;
  const graded = grader.grade({ gold: 'x', answer: ENDLESS, others: [] }).finally(() => (done = true));
  while (!done) {
    await systemClock.sleep(5);
    turns += 1;
  }
  assert.equal((await graded).grade, 'ROW_GRADE_TIMEOUT');
  // 400 ms in steps of 5: a blocked loop would have taken one.
  assert.ok(turns > 10, `${turns} turns`);
});

test('a thread that runs out of memory takes one answer with it', async () => {
  const grader = graderOf({ limits: LIMITLESS, timeoutMs: 60_000 });
  const huge = `${'1+'.repeat(12_000_000)}1`;
  const graded = await Promise.all([
    grader.grade({ gold: '5', answer: huge, others: [] }),
    grader.grade({ gold: '5', answer: '5.0', others: [] }),
  ]);
  assert.deepEqual(
    graded.map(({ grade }) => grade),
    ['ROW_GRADE_TIMEOUT', 'correct'],
  );
});

test('a thread that dies of a bug takes one answer with it', async () => {
  const grader = graderOf();
  const graded = await Promise.all([
    grader.grade({ gold: '1', answer: '1.0', others: [] }),
    grader.grade(null as never),
    grader.grade({ gold: '2', answer: '\\sqrt4', others: [] }),
  ]);
  assert.deepEqual(
    graded.map(({ grade }) => grade),
    ['correct', 'ROW_GRADE_FAILED', 'correct'],
  );
});

test('hostile answers are all decided within the limits, without the deadline', async () => {
  const grader = graderOf();
  const graded = await Promise.all(
    HOSTILE.map((answer) => grader.grade({ gold: '\\frac{x}{7}', answer, others: [] })),
  );
  for (const [at, { grade }] of graded.entries())
    assert.match(grade, /^(?:wrong|ROW_GRADE_LIMIT)$/, HOSTILE[at]!.slice(0, 40));
});

test('closing rejects what waits, and what comes after', async () => {
  const grader = graderOf();
  const waiting = grader.grade({ gold: '1', answer: '2', others: [] });
  const closing = grader.close();
  await assert.rejects(waiting, { code: 'ERR_CANCELLED' });
  await closing;
  await assert.rejects(grader.grade({ gold: '1', answer: '2', others: [] }), { code: 'ERR_CANCELLED' });
});

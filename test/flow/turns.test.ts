import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ROWS_A_TURN, forEachInTurns } from '../../src/flow/turns.js';

const never = (): boolean => false;
const loopTurn = (): Promise<void> => new Promise(setImmediate);

/** The turns of the event loop that pass until `work` is done. */
async function turnsUntil(work: Promise<unknown>): Promise<number> {
  let isDone = false;
  void work.finally(() => (isDone = true));
  let turns = 0;
  for (; !isDone; turns++) await loopTurn();
  return turns;
}

test('many rows are used in order, so many in a turn of the event loop and no more', async () => {
  const used: number[] = [];
  const perTurn: number[] = [];
  const work = forEachInTurns(3 * ROWS_A_TURN + 1, (at) => used.push(at), never);
  perTurn.push(used.length);
  while (used.length <= 3 * ROWS_A_TURN) {
    await loopTurn();
    perTurn.push(used.length - perTurn.reduce((sum, each) => sum + each, 0));
  }
  await work;
  assert.deepEqual(
    used,
    used.map((_, at) => at),
  );
  assert.ok(
    perTurn.every((rows) => rows <= ROWS_A_TURN),
    `${perTurn}`,
  );
});

test('several callers share the turns: one at a time, in the order in which they ask', async () => {
  await loopTurn();
  const begun: string[] = [];
  const caller = (name: string): Promise<void> =>
    forEachInTurns(2 * ROWS_A_TURN, (at) => at % ROWS_A_TURN === 0 && begun.push(name), never);
  const work = Promise.all([caller('a'), caller('b'), caller('c')]);
  assert.deepEqual(begun, ['a'], 'the first begins at once, and nobody else in its turn');
  const turns = await turnsUntil(work);
  // The first asked for its second turn before the others asked for their first.
  assert.deepEqual(begun, ['a', 'a', 'b', 'c', 'b', 'c']);
  assert.ok(turns >= 5, `${turns} turns`);
});

test('it stops when it is told so, and an error of a row is the caller’s', async () => {
  let used = 0;
  await forEachInTurns(
    10 * ROWS_A_TURN,
    () => (used += 1),
    () => used >= ROWS_A_TURN,
  );
  assert.equal(used, ROWS_A_TURN);
  const failing = forEachInTurns(
    2 * ROWS_A_TURN,
    (at) => {
      if (at === ROWS_A_TURN) throw new Error('broken');
    },
    never,
  );
  await assert.rejects(failing, /broken/);
  await forEachInTurns(1, () => (used = 0), never);
  assert.equal(used, 0, 'others go on after it');
});

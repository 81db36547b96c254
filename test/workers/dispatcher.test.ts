import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seqBatch } from '../../src/arrow/columns.js';
import { columnValues } from '../../src/arrow/read.js';
import { ScaleQuestError } from '../../src/errors.js';
import type { StepResult } from '../../src/flow/stepResults/stepResult.js';
import {
  type DispatcherDeps,
  type Unit,
  type WorkerEvent,
  createDispatcher,
} from '../../src/workers/dispatcher.js';
import type { WorkerLink } from '../../src/workers/link.js';
import {
  type PlanMessage,
  type WorkerMessage,
  type CoordinatorMessage,
  type UnitMessage,
  keysBody,
  textsBody,
  textsIn,
} from '../../src/workers/messages.js';
import { createReplyDesk } from '../../src/workers/replyDesk.js';
import { decodeRows, encodeResults } from '../../src/workers/unitCodec.js';
import { simulatedClock } from '../helpers/simulatedClock.js';

const PLAN: PlanMessage = {
  ...{ kind: 'plan', session: 's', file: '/p.yaml', text: '', identity: 'right', parts: {}, hasStore: true },
};

/** A worker that does what the test says. */
function testWorker() {
  const got: CoordinatorMessage[] = [];
  let onMessage = (_message: WorkerMessage): void => {};
  let onClose = (): void => {};
  let isClosed = false;
  const link: WorkerLink<CoordinatorMessage, WorkerMessage> = {
    send: (message) => void got.push(message),
    listen(take, close) {
      onMessage = take;
      onClose = close;
    },
    close() {
      isClosed = true;
    },
  };
  return {
    link,
    got,
    say: (message: WorkerMessage): void => onMessage(message),
    ready: (places = 8, identity = 'right'): void => onMessage({ kind: 'ready', identity, places }),
    units: (): UnitMessage[] => got.filter((message) => message.kind === 'unit'),
    cut: (): void => onClose(),
    isClosed: () => isClosed,
  };
}

function resultOf(rows: number): StepResult[] {
  return [{ rowsIn: rows, from: Array.from({ length: rows }, (_, at) => at), written: null, events: [] }];
}

function answer({ id, body }: UnitMessage): WorkerMessage {
  return { kind: 'answer', id, body: encodeResults(resultOf(decodeRows(body).numRows)) };
}

function unit(lo: number, first = 0): Unit {
  return { lo, first, end: first + 1, rows: seqBatch(lo, lo + 2) };
}

function setUp(more: Partial<DispatcherDeps> = {}) {
  const clock = simulatedClock();
  const here: number[] = [];
  const events: WorkerEvent[] = [];
  const dispatcher = createDispatcher({
    ...{ clock, plan: PLAN, desk: null, onEvent: (event) => events.push(event) },
    async runHere({ lo }) {
      here.push(lo);
      return resultOf(2);
    },
    ...more,
  });
  function join(name: string) {
    const worker = testWorker();
    dispatcher.join(worker.link, name);
    return worker;
  }
  return { clock, here, events, dispatcher, join };
}

test('a worker is told the plan, gets units once it is ready, and its answer is the result', async () => {
  const { dispatcher, join, events } = setUp();
  const worker = join('w');
  assert.deepEqual(worker.got, [PLAN]);
  const done = dispatcher.run(unit(4));
  assert.equal(worker.units().length, 0);
  worker.ready();
  const [sent] = worker.units();
  assert.deepEqual([...columnValues(decodeRows(sent!.body), 'seq')], [4, 5]);
  worker.say(answer(sent!));
  assert.deepEqual(await done, resultOf(2));
  assert.deepEqual(events, [{ event: 'workerJoined', worker: 'w', workers: 1 }]);
  dispatcher.close(true);
  assert.equal(worker.got.at(-1)!.kind, 'done');
});

test('units go out oldest row first, to whoever has fewest, and no worker has more than its places', () => {
  const { dispatcher, join } = setUp();
  for (const [lo, first] of [
    [8, 0],
    [2, 0],
    [2, 3],
    [6, 0],
    [4, 0],
  ] as const)
    void dispatcher.run(unit(lo, first));
  const [one, other] = [join('one'), join('other')];
  const seen = (worker: ReturnType<typeof join>): [number, number][] =>
    worker.units().map(({ first, body }) => [Number(columnValues(decodeRows(body), 'seq')[0]), first]);
  one.ready(2);
  assert.deepEqual(seen(one), [
    [2, 3],
    [2, 0],
  ]);
  other.ready(8);
  assert.deepEqual(seen(other), [
    [4, 0],
    [6, 0],
    [8, 0],
  ]);
  one.say(answer(one.units()[0]!));
  void dispatcher.run(unit(10));
  assert.deepEqual([one.units().length, other.units().length], [3, 3]);
  dispatcher.close(false);
});

test('units of a worker that is gone go to another at once; its answer that comes late is dropped', async () => {
  const { dispatcher, join, events } = setUp();
  const [one, other] = [join('one'), join('other')];
  one.ready();
  const done = dispatcher.run(unit(0));
  other.ready();
  const [first] = one.units();
  one.cut();
  const [again] = other.units();
  assert.equal(again!.id, first!.id);
  other.say(answer(again!));
  assert.deepEqual(await done, resultOf(2));
  // It comes again with the answer that it had.
  const back = join('one');
  back.ready();
  back.say(answer(first!));
  other.say(answer(again!));
  assert.deepEqual({ ...dispatcher.tally }, { givenAgain: 1, late: 2, here: 0 });
  assert.deepEqual(events.at(-2), {
    ...{ event: 'workerLeft', worker: 'one', workers: 1, units: 1, reason: 'its connection ended' },
  });
  dispatcher.close(false);
});

test('the answer of a worker that was given up counts where it is the first, and the second is dropped', async () => {
  const { dispatcher, join } = setUp();
  const [one, other] = [join('one'), join('other')];
  one.ready();
  const done = dispatcher.run(unit(0));
  const [sent] = one.units();
  other.ready();
  one.cut();
  const back = join('one');
  back.ready();
  back.say(answer(sent!));
  assert.deepEqual(await done, resultOf(2));
  other.say(answer(other.units()[0]!));
  assert.equal(dispatcher.tally.late, 1);
  // The place is free again.
  void dispatcher.run(unit(2));
  void dispatcher.run(unit(4));
  assert.deepEqual([other.units().length, back.units().length], [2, 1]);
  dispatcher.close(false);
});

test('a worker that says nothing is given up, one that beats is not', async () => {
  const { clock, dispatcher, join } = setUp({ silentMs: 3000 });
  const [silent, lively] = [join('silent'), join('lively')];
  silent.ready();
  void dispatcher.run(unit(0));
  lively.ready();
  const beats = (async () => {
    for (let second = 0; second < 6; second++) {
      await clock.sleep(1000);
      lively.say({ kind: 'beat', counts: { m: { requests: second } } });
    }
  })();
  await clock.until(beats);
  assert.ok(silent.isClosed());
  assert.ok(!lively.isClosed());
  assert.equal(lively.units().length, 1);
  assert.deepEqual(dispatcher.counts(), [{ m: { requests: 5 } }]);
  dispatcher.close(false);
});

test('without a worker for aloneMs the units are done here, and again by workers once one is ready', async () => {
  const { clock, dispatcher, join, here } = setUp({ aloneMs: 2000, firstMs: 2000 });
  const first = dispatcher.run(unit(0));
  await clock.until(clock.sleep(1000));
  assert.deepEqual(here, []);
  await clock.until(first);
  assert.deepEqual(here, [0]);
  await dispatcher.run(unit(2));
  assert.deepEqual(here, [0, 2]);
  const worker = join('w');
  worker.ready();
  const third = dispatcher.run(unit(4));
  assert.deepEqual(here, [0, 2]);
  worker.cut();
  await clock.until(third);
  assert.deepEqual(here, [0, 2, 4]);
  assert.equal(dispatcher.tally.here, 3);
  dispatcher.close(false);
});

test('the first worker is waited for longer; one that never was ready changes nothing', async () => {
  const { clock, dispatcher, join, here } = setUp({ aloneMs: 1000, firstMs: 9000 });
  const first = dispatcher.run(unit(0));
  await clock.until(clock.sleep(7000));
  join('w').cut();
  await clock.until(clock.sleep(1500));
  assert.deepEqual(here, []);
  await clock.until(first);
  assert.ok(clock.nowMs() <= 10_000, `${clock.nowMs()}`);
  assert.deepEqual(here, [0]);
  dispatcher.close(false);
});

test('a unit at which one worker fails goes to another, and at which two fail, ends the run with the reason', async () => {
  const { dispatcher, join } = setUp();
  const [one, other] = [join('one'), join('other')];
  const failed: WorkerMessage = { kind: 'failed', code: 'ERR_MODEL_REFUSED', message: 'wrong key' };
  one.ready();
  const done = dispatcher.run(unit(0));
  const rejected = assert.rejects(done, (error: ScaleQuestError) => {
    assert.equal(error.code, 'ERR_MODEL_REFUSED');
    assert.match(error.message, /other.*wrong key/);
    return true;
  });
  other.ready();
  one.say(failed);
  assert.ok(one.isClosed());
  assert.equal(other.units().length, 1);
  other.say(failed);
  await rejected;
  dispatcher.close(false);
});

test('a worker whose pipeline came to another identity is told so and gets nothing', () => {
  const { dispatcher, join, events } = setUp();
  const worker = join('w');
  void dispatcher.run(unit(0));
  worker.ready(8, 'other');
  assert.equal(worker.got.at(-1)!.kind, 'refused');
  assert.equal(worker.units().length, 0);
  assert.deepEqual(events, []);
  dispatcher.close(false);
});

test('replies pass by the desk: known ones at once, those that another asks when it has them', async () => {
  const kept = new Map([['a'.repeat(16), 'A']]);
  const desk = createReplyDesk({
    get: (key) => kept.get(key),
    put: async (key, text) => void kept.set(key, text),
  });
  const { dispatcher, join } = setUp({ desk });
  const [one, other] = [join('one'), join('other')];
  one.say({ kind: 'ask', numbers: [1, 2], body: keysBody(['a'.repeat(16), 'b'.repeat(16)]) });
  const [told] = one.got.slice(1) as Extract<CoordinatorMessage, { kind: 'known' }>[];
  assert.deepEqual(
    [told!.numbers, textsIn(told!.body, told!.bytes)],
    [
      [1, 2],
      ['A', null],
    ],
  );
  other.say({ kind: 'ask', numbers: [9], body: keysBody(['b'.repeat(16)]) });
  assert.equal(other.got.length, 1);
  const { bytes, body } = textsBody(['B']);
  one.say({
    ...{ kind: 'put', numbers: [3], bytes: bytes as number[] },
    body: Buffer.concat([keysBody(['b'.repeat(16)]), body]),
  });
  await new Promise(setImmediate);
  const waited = other.got[1] as Extract<CoordinatorMessage, { kind: 'known' }>;
  assert.deepEqual([waited.numbers, textsIn(waited.body, waited.bytes)], [[9], ['B']]);
  const acknowledged = one.got.at(-1) as Extract<CoordinatorMessage, { kind: 'kept' }>;
  assert.deepEqual([acknowledged.kind, acknowledged.numbers, acknowledged.bytes], ['kept', [3], [null]]);
  dispatcher.close(false);
});

test('a store that fails ends every unit with its error', async () => {
  const error = new ScaleQuestError('ERR_STORE_WRITE', 'full');
  const desk = createReplyDesk({ get: () => undefined, put: () => Promise.reject(error) });
  const { dispatcher, join } = setUp({ desk });
  const worker = join('w');
  worker.ready();
  const done = dispatcher.run(unit(0));
  const { bytes, body } = textsBody(['B']);
  worker.say({
    ...{ kind: 'put', numbers: [3], bytes: bytes as number[] },
    body: Buffer.concat([keysBody(['b'.repeat(16)]), body]),
  });
  await assert.rejects(done, error);
  dispatcher.close(false);
});

test('a worker that comes when the run has ended is told so, or let go', () => {
  for (const isDone of [true, false]) {
    const { dispatcher, join } = setUp();
    dispatcher.close(isDone);
    const { got, isClosed } = join('late');
    assert.deepEqual([got.map(({ kind }) => kind), isClosed()], [isDone ? ['done'] : [], !isDone]);
  }
});

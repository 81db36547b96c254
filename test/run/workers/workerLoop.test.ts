import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seqBatch } from '../../../src/arrow/columns.js';
import { ScaleQuestError } from '../../../src/errors.js';
import type { StepResult } from '../../../src/flow/stepResults/stepResult.js';
import { type WorkerLoopDeps, runWorkerLoop } from '../../../src/run/workers/workerLoop.js';
import type { WorkerLink } from '../../../src/workers/link.js';
import type { PlanMessage, WorkerMessage, CoordinatorMessage } from '../../../src/workers/messages.js';
import { decodeResults, encodeRows } from '../../../src/workers/unitCodec.js';
import { simulatedClock } from '../../helpers/simulatedClock.js';

const PLAN: PlanMessage = {
  ...{ kind: 'plan', session: 's', file: '/p.yaml', text: '', identity: 'right', parts: {}, hasStore: false },
};

/** A coordinator that does what the test says. */
function testCoordinator() {
  const got: WorkerMessage[] = [];
  let onMessage = (_message: CoordinatorMessage): void => {};
  let onClose = (): void => {};
  let isClosed = false;
  function close(): void {
    if (!isClosed) queueMicrotask(onClose);
    isClosed = true;
  }
  const link: WorkerLink<WorkerMessage, CoordinatorMessage> = {
    send(message) {
      if (!isClosed) got.push(message);
    },
    listen(take, closed) {
      onMessage = take;
      onClose = closed;
      onMessage(PLAN);
    },
    close,
  };
  return {
    link,
    got,
    say: (message: CoordinatorMessage): void => onMessage(message),
    close,
    isClosed: () => isClosed,
  };
}

const RESULTS: StepResult[] = [{ rowsIn: 1, from: [0], written: null, events: [] }];

interface Unit {
  resolve(results: StepResult[]): void;
  reject(error: unknown): void;
}

function setUp(more: Partial<WorkerLoopDeps> = {}) {
  const clock = simulatedClock();
  const coordinators: ReturnType<typeof testCoordinator>[] = [];
  const units: Unit[] = [];
  const stop = new AbortController();
  let closes = 0;
  const loop = runWorkerLoop({
    async connect() {
      coordinators.push(testCoordinator());
      return coordinators.at(-1)!.link;
    },
    prepare: async () => ({
      identity: 'right',
      chains: {
        run: () => new Promise<StepResult[]>((resolve, reject) => units.push({ resolve, reject })),
        close() {},
      },
      counts: () => ({}),
      close: async () => void (closes += 1),
    }),
    ...{ clock, signal: stop.signal },
    ...more,
  });
  loop.catch(() => {});
  return { clock, coordinators, units, stop, loop, closes: () => closes };
}

const turn = (): Promise<void> => new Promise(setImmediate);

const unit = (id: number): CoordinatorMessage => ({
  ...{ kind: 'unit', id, first: 0, end: 1, body: encodeRows(seqBatch(id, id + 1)) },
});

function answers({ got }: ReturnType<typeof testCoordinator>): number[] {
  return got.flatMap((message) => (message.kind === 'answer' ? [message.id] : []));
}

test('ready, then an answer a unit, in the order in which they are done; it ends well when all is done', async () => {
  const { coordinators, units, loop, closes } = setUp();
  await turn();
  const [coordinator] = coordinators;
  assert.deepEqual(coordinator!.got, [{ kind: 'ready', identity: 'right', places: 64 }]);
  coordinator!.say(unit(4));
  coordinator!.say(unit(5));
  await turn();
  units[1]!.resolve(RESULTS);
  await turn();
  units[0]!.resolve(RESULTS);
  await turn();
  assert.deepEqual(answers(coordinator!), [5, 4]);
  const [, answered] = coordinator!.got as [unknown, Extract<WorkerMessage, { kind: 'answer' }>];
  assert.deepEqual(decodeResults(Uint8Array.from(answered.body)), RESULTS);
  coordinator!.say({ kind: 'done' });
  await loop;
  assert.equal(closes(), 1);
});

test('a unit that is done while the link is away is answered to the same coordinator, not to the next', async () => {
  const { clock, coordinators, units, loop } = setUp();
  await turn();
  coordinators[0]!.say(unit(1));
  coordinators[0]!.say(unit(2));
  await turn();
  coordinators[0]!.close();
  units[0]!.resolve(RESULTS);
  await turn();
  await turn();
  assert.deepEqual([coordinators.length, answers(coordinators[1]!)], [2, [1]]);
  coordinators[1]!.say({ ...PLAN, session: 'next' });
  await turn();
  units[1]!.resolve(RESULTS);
  await turn();
  assert.deepEqual(answers(coordinators[1]!), [1]);
  coordinators[1]!.say({ kind: 'done' });
  await clock.until(loop);
});

test('what would end a run is told, and ends the worker with it', async () => {
  const { coordinators, units, loop, closes } = setUp();
  await turn();
  coordinators[0]!.say(unit(1));
  await turn();
  units[0]!.reject(new ScaleQuestError('ERR_MODEL_REFUSED', 'wrong key'));
  await assert.rejects(loop, { code: 'ERR_MODEL_REFUSED' });
  const failed = { kind: 'failed', code: 'ERR_MODEL_REFUSED', message: 'wrong key' };
  assert.deepEqual(coordinators[0]!.got.at(-1), failed);
  assert.ok(coordinators[0]!.isClosed());
  assert.equal(closes(), 1);
});

test('it tries again while nobody is there, then gives up; a refusal ends it at once', async () => {
  for (const [code, least] of [
    ['ERR_WORKER_ALONE', 5],
    ['ERR_WORKER_REFUSED', 1],
  ] as const) {
    let tries = 0;
    const { clock, loop } = setUp({
      async connect() {
        tries += 1;
        throw new ScaleQuestError(code, 'no');
      },
      waitMs: 10_000,
    });
    await assert.rejects(clock.until(loop), { code });
    assert.ok(code === 'ERR_WORKER_ALONE' ? tries >= least : tries === 1, `${tries} tries`);
    assert.ok(clock.nowMs() <= 10_000);
  }
});

test('another identity, or the word of the coordinator: refused', async () => {
  const told = setUp();
  await turn();
  told.coordinators[0]!.say({ kind: 'refused', message: 'other' });
  await assert.rejects(told.loop, { code: 'ERR_WORKER_REFUSED', message: /other/ });
  const changed = setUp();
  await turn();
  changed.coordinators[0]!.say({ ...PLAN, identity: 'other' });
  await assert.rejects(changed.loop, { code: 'ERR_WORKER_REFUSED', message: /another pipeline/ });
});

test('it beats each second, and leaves a coordinator that says nothing', async () => {
  const { clock, coordinators, stop, loop } = setUp();
  await clock.until(clock.sleep(16_500));
  const beats = coordinators[0]!.got.filter(({ kind }) => kind === 'beat').length;
  assert.equal(beats, 15);
  assert.ok(coordinators[0]!.isClosed());
  assert.equal(coordinators.length, 2);
  stop.abort();
  await assert.rejects(clock.until(loop), { code: 'ERR_CANCELLED' });
});

test('a link that ends while the worker prepares: it prepares once, and is ready at the next link alone', async () => {
  let prepares = 0;
  let finish = (): void => {};
  let closed = 0;
  const { clock, coordinators, loop } = setUp({
    prepare: async () => {
      prepares += 1;
      await new Promise<void>((resolve) => (finish = resolve));
      return {
        identity: 'right',
        chains: { run: () => new Promise(() => {}), close() {} },
        counts: () => ({}),
        close: async () => void (closed += 1),
      };
    },
  });
  await turn();
  coordinators[0]!.close();
  await turn();
  await turn();
  finish();
  await turn();
  const readies = coordinators.map(({ got }) => got.filter(({ kind }) => kind === 'ready').length);
  assert.deepEqual([prepares, readies], [1, [0, 1]]);
  coordinators[1]!.say({ kind: 'done' });
  await clock.until(loop);
  assert.equal(closed, 1);
});

test('a worker that is told to stop while it connects leaves the coordinator at once', async () => {
  const coordinator = testCoordinator();
  const stop = new AbortController();
  const { loop } = setUp({
    signal: stop.signal,
    async connect() {
      stop.abort();
      return coordinator.link;
    },
  });
  await assert.rejects(loop, { code: 'ERR_CANCELLED' });
  assert.ok(coordinator.isClosed());
});

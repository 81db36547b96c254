import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type Slots, createQueue } from '../../../src/backends/pool/queue.js';

interface Deferred<T> {
  promise: Promise<T>;
  resolve: (value: T) => void;
  reject: (error: unknown) => void;
}

function deferred<T>(): Deferred<T> {
  let resolve!: (value: T) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

/** Slots of which one is as good as another. */
function countedSlots(slotsMax: number): Slots<true> {
  let taken = 0;
  return {
    find: () => (taken < slotsMax ? true : null),
    occupy() {
      taken += 1;
    },
    release() {
      taken -= 1;
    },
  };
}

const rest = (): Promise<void> => new Promise(setImmediate);

describe('createQueue', () => {
  it('starts the oldest row first, and of one row the first that came', async () => {
    const queue = createQueue(countedSlots(1));
    const gate = deferred<void>();
    const started: string[] = [];
    const first = queue.run(9, () => gate.promise);
    const others = [
      [5, 'a'],
      [3, 'b'],
      [5, 'c'],
      [0, 'd'],
      [3, 'e'],
    ] as const;
    const all = others.map(([seq, label]) => queue.run(seq, async () => void started.push(`${seq}${label}`)));
    assert.equal(queue.inFlight, 1);
    assert.equal(queue.queued, 5);
    gate.resolve();
    await Promise.all([first, ...all]);
    assert.deepEqual(started, ['0d', '3b', '3e', '5a', '5c']);
    assert.equal(queue.inFlight + queue.queued, 0);
  });

  it('lets a slot take a row with affinity to it before others, and the oldest row where there is none', async () => {
    const free = ['even', 'odd'];
    const queue = createQueue<string>({
      find: () => free.at(-1) ?? null,
      occupy: () => void free.pop(),
      release: (slot) => void free.push(slot),
      hasAffinity: (slot, { seq }) => (seq % 2 === 0) === (slot === 'even'),
    });
    const gates = [deferred<void>(), deferred<void>()];
    const first = gates.map((gate, at) => queue.run(100 + at, () => gate.promise));
    const started: string[] = [];
    const rows = [7, 1, 9, 4, 3, 5].map((seq) =>
      queue.run(seq, async (slot) => void started.push(`${seq} ${slot}`)),
    );
    // The first of the two took `odd`, the second `even`; only `even` comes free.
    gates[1]!.resolve();
    await Promise.all(rows);
    assert.deepEqual(started, ['4 even', '1 even', '3 even', '5 even', '7 even', '9 even']);
    gates[0]!.resolve();
    await Promise.all(first);
  });

  it('lets no lighter call pass one of many sequences that waits for room', async () => {
    let room = 4;
    const started: string[] = [];
    const queue = createQueue<true>({
      find: (sequences) => (sequences <= room ? true : null),
      occupy: (_, sequences) => void (room -= sequences),
      release: (_, sequences) => void (room += sequences),
    });
    const enter = (seq: number, sequences: number): { leave: () => void } => {
      const entry = {
        ...{ seq, sequences, index: -1 },
        begin: () => void started.push(`${seq}`),
        reject: () => undefined,
      };
      queue.enter(entry);
      return { leave: () => queue.leave(entry, true) };
    };
    const first = enter(0, 2);
    const second = enter(1, 1);
    enter(2, 3);
    enter(3, 1);
    assert.deepEqual(started, ['0', '1'], 'there is room for the fourth, but the third is older');
    second.leave();
    assert.deepEqual(started, ['0', '1']);
    first.leave();
    assert.deepEqual(started, ['0', '1', '2', '3']);
    assert.equal(room, 0);
  });

  it('never idles a slot, loses a call or lets one wait for ever, whatever the affinities', async () => {
    const given = fc.record({
      slots: fc.integer({ min: 1, max: 4 }),
      seqs: fc.array(fc.nat(500), { minLength: 1, maxLength: 400 }),
      salt: fc.nat(),
    });
    const property = fc.asyncProperty(given, async ({ slots, seqs, salt }) => {
      const free = Array.from({ length: slots }, (_, at) => at);
      const slotOf = (seq: number): number => ((seq * 7919 + salt) % (slots + 1)) - 1;
      const queue = createQueue<number>({
        find: () => free[0] ?? null,
        occupy: () => void free.shift(),
        release: (slot) => void free.push(slot),
        hasAffinity: (slot, { seq }) => slotOf(seq) === slot,
      });
      const started: number[] = [];
      const ends: (() => void)[] = [];
      const all = seqs.map((seq) =>
        queue.run(seq, () => {
          started.push(seq);
          return new Promise<void>((resolve) => ends.push(resolve));
        }),
      );
      while (ends.length > 0) {
        assert.ok(free.length === 0 || queue.queued === 0, 'a slot is idle while calls wait');
        ends.shift()!();
        await rest();
      }
      await Promise.all(all);
      assert.deepEqual(
        started.toSorted((a, b) => a - b),
        seqs.toSorted((a, b) => a - b),
      );
      // Once all were there, nobody was passed over by more than the calls that are searched.
      const waited = started.slice(slots);
      const order = waited.toSorted((a, b) => a - b);
      waited.forEach((seq, at) => assert.ok(order.indexOf(seq) >= at - 64 * slots - 64, `${seq} at ${at}`));
    });
    await fc.assert(property, { numRuns: 100 });
  });

  it('frees the slot when a call fails or throws at once', async () => {
    const queue = createQueue(countedSlots(1));
    await assert.rejects(
      queue.run(0, () => {
        throw new Error('at once');
      }),
      /at once/,
    );
    await assert.rejects(
      queue.run(1, () => Promise.reject(new Error('later'))),
      /later/,
    );
    assert.equal(await queue.run(2, async () => 7), 7);
  });

  it('close rejects what waits and what runs at once, and takes nothing more', async () => {
    const queue = createQueue(countedSlots(1));
    const never = deferred<string>();
    let ran = false;
    const running = queue.run(1, () => never.promise);
    const waiting = queue.run(2, async () => {
      ran = true;
    });
    queue.close();
    queue.close();
    await assert.rejects(running, { code: 'ERR_CANCELLED' });
    await assert.rejects(waiting, { code: 'ERR_CANCELLED' });
    await assert.rejects(
      queue.run(0, async () => 1),
      { code: 'ERR_CANCELLED' },
    );
    never.resolve('late');
    await rest();
    assert.equal(ran, false);
  });

  it('holds the limit, starts the lowest seq there is, and settles each call once, in any order of events', async () => {
    const command = fc.oneof(
      { weight: 5, arbitrary: fc.record({ kind: fc.constant('run' as const), seq: fc.nat(20) }) },
      {
        weight: 5,
        arbitrary: fc.record({ kind: fc.constant('end' as const), pick: fc.nat(50), fails: fc.boolean() }),
      },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('close' as const) }) },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 4 }),
        fc.array(command, { maxLength: 60 }),
        async (limit, commands) => {
          const queue = createQueue(countedSlots(limit));
          const waiting = new Map<number, number>();
          const running = new Map<number, Deferred<number>>();
          const settled = new Map<number, number>();
          let closed = false;
          let id = 0;
          for (const step of commands) {
            if (step.kind === 'run') {
              const mine = id++;
              if (!closed) waiting.set(mine, step.seq);
              const settle = (): unknown => settled.set(mine, (settled.get(mine) ?? 0) + 1);
              queue
                .run(step.seq, () => {
                  assert.ok(!closed, 'started after close');
                  const lowest = Math.min(...waiting.values());
                  assert.equal(step.seq, lowest);
                  waiting.delete(mine);
                  const end = deferred<number>();
                  running.set(mine, end);
                  assert.ok(running.size <= limit);
                  return end.promise;
                })
                .then(settle, settle);
            } else if (step.kind === 'end') {
              const keys = [...running.keys()];
              const key = keys[step.pick % keys.length];
              if (key === undefined) continue;
              const end = running.get(key)!;
              running.delete(key);
              if (step.fails) end.reject(new Error('failed'));
              else end.resolve(key);
              await rest();
              if (!closed) assert.equal(settled.get(key), 1);
            } else {
              closed = true;
              queue.close();
              waiting.clear();
            }
            if (!closed) {
              assert.equal(queue.inFlight, running.size);
              assert.equal(queue.queued, waiting.size);
              assert.ok(waiting.size === 0 || running.size === limit, 'a slot is idle while calls wait');
            }
          }
          queue.close();
          await rest();
          for (const end of running.values()) end.resolve(0);
          await rest();
          assert.deepEqual(
            [...settled.values()],
            Array.from({ length: id }, () => 1),
          );
        },
      ),
      { numRuns: 300 },
    );
  });
});

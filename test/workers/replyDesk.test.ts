import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type DeskStore, createReplyDesk } from '../../src/workers/replyDesk.js';

/** Keeps a reply when the test says that it is durable. */
function testStore() {
  const kept = new Map<string, string>();
  const puts: { key: string; finish(): void }[] = [];
  const store: DeskStore = {
    get: (key) => kept.get(key),
    put: (key, text) =>
      new Promise((resolve) => {
        const finish = (): void => {
          kept.set(key, text);
          resolve();
        };
        puts.push({ key, finish });
      }),
  };
  return { store, kept, puts };
}

const settle = (): Promise<void> => new Promise(setImmediate);

test('who comes first asks, the others wait for its reply; afterwards the store has it', async () => {
  const { store, puts } = testStore();
  const desk = createReplyDesk(store);
  const [one, other] = [desk.owner(), desk.owner()];
  assert.equal(one.get('k'), undefined);
  const waiting = other.get('k');
  assert.ok(waiting instanceof Promise);
  const kept = one.put('k', 'text');
  await settle();
  puts[0]!.finish();
  assert.equal(await kept, undefined);
  assert.equal(await waiting, 'text');
  assert.equal(other.get('k'), 'text');
});

test('a reply that is not durable yet is waited for too', async () => {
  const { store, puts } = testStore();
  const desk = createReplyDesk(store);
  const [one, other] = [desk.owner(), desk.owner()];
  void one.put('k', 'text');
  const found = other.get('k');
  assert.ok(found instanceof Promise);
  puts[0]!.finish();
  assert.equal(await found, 'text');
});

test('where the first fails or is gone, the next one asks; who is gone is passed over', async () => {
  for (const end of ['release', 'leave'] as const) {
    const desk = createReplyDesk(testStore().store);
    const [one, gone, next, last] = [desk.owner(), desk.owner(), desk.owner(), desk.owner()];
    void one.get('k');
    void gone.get('k');
    const asks = next.get('k');
    const waits = last.get('k');
    gone.leave();
    if (end === 'release') one.release('k');
    else one.leave();
    assert.equal(await asks, undefined, end);
    const isWaiting = await Promise.race([waits, settle().then(() => 'waiting')]);
    assert.equal(isWaiting, 'waiting', end);
  }
});

test('of two replies to one request the first counts, durable or not, and is told to the second', async () => {
  const { store, puts, kept } = testStore();
  const desk = createReplyDesk(store);
  const [one, late, later] = [desk.owner(), desk.owner(), desk.owner()];
  void one.get('k');
  one.leave();
  void late.get('k');
  const first = late.put('k', 'first');
  const second = one.put('k', 'second');
  assert.equal(puts.length, 1);
  puts[0]!.finish();
  assert.deepEqual([await first, await second], [undefined, 'first']);
  assert.deepEqual(await Promise.all([later.put('k', 'third'), later.put('k', 'first')]), [
    'first',
    undefined,
  ]);
  assert.equal(kept.get('k'), 'first');
  assert.equal(puts.length, 1);
});

test('one that leaves while its reply is being kept leaves nobody to ask it again', async () => {
  const { store, puts } = testStore();
  const desk = createReplyDesk(store);
  const [one, other] = [desk.owner(), desk.owner()];
  void one.get('k');
  void one.put('k', 'text');
  const waiting = other.get('k');
  one.leave();
  puts[0]!.finish();
  assert.equal(await waiting, 'text');
});

test('a claim says that a request is out already; it takes none from another', async () => {
  const desk = createReplyDesk(testStore().store);
  const [one, other] = [desk.owner(), desk.owner()];
  one.claim('k');
  assert.equal(one.get('k'), undefined);
  assert.ok(other.get('k') instanceof Promise);
  other.claim('k');
  assert.equal(one.get('k'), undefined);
});

test('a reply that cannot be kept is an error for all who need it', async () => {
  const desk = createReplyDesk({ get: () => undefined, put: () => Promise.reject(new Error('full')) });
  const [one, other] = [desk.owner(), desk.owner()];
  void one.get('k');
  const put = one.put('k', 'text');
  const found = other.get('k');
  await assert.rejects(put, /full/);
  await assert.rejects(Promise.resolve(found), /full/);
});

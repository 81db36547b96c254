import assert from 'node:assert/strict';
import { test } from 'node:test';
import { APPLIED_AT_ONCE_MAX, type CommittedDeltas } from '../../../src/flow/committedDeltas.js';
import type { Scan } from '../../../src/flow/steps/outcome.js';
import type { StateDelta } from '../../../src/flow/rowEvents.js';
import type { StepState } from '../../../src/flow/stepResults/stepResult.js';
import { createScanState } from '../../../src/flow/steps/scanState.js';
import { committedValues } from '../../helpers/runs/committedValues.js';

/** A state that is the list of its deltas. */
const LIST = {
  init: (): number[] => [],
  decide: () => ({ outcome: { kind: 'keep' } as const }),
  apply: (list: number[], value: number) => void list.push(value),
};

const SHAPE = { step: 'list', reads: {}, writes: [], at: 0 };

function deltasOf(lo: number, hi: number): StateDelta[] {
  return Array.from({ length: hi - lo }, (_, at) => ({
    kind: 'delta',
    step: 'list',
    seq: lo + at,
    value: lo + at,
  }));
}

/** A delta a position; the first `upTo` are committed, and it notes what is read of them. */
function commits(upTo: number): { committed: CommittedDeltas; move(to: number): void; reads: string[] } {
  const reads: string[] = [];
  let committedTo = upTo;
  const all = committedValues(
    Array.from({ length: 100_000 }, (_, at) => at),
    1000,
  );
  return {
    reads,
    move: (to) => void (committedTo = to),
    committed: {
      upTo: () => committedTo,
      countMax: () => committedTo,
      read(from, to) {
        reads.push(`${from}-${to}`);
        return all.read(from, to);
      },
    },
  };
}

const first = (count: number): number[] => Array.from({ length: count }, (_, at) => at);

test('what is committed is restored once, then rows add to it', async () => {
  const { committed, reads } = commits(300);
  const own = createScanState(SHAPE, LIST, committed);
  await own.catchUp();
  assert.deepEqual(own.state, first(300));
  assert.equal(own.catchUp(), null);
  for (const { value } of deltasOf(300, 310)) LIST.apply(own.state, value as number);
  own.addDecided(310, deltasOf(300, 310));
  assert.equal(own.catchUp(), null);
  assert.deepEqual([own.state, reads], [first(310), ['0-300']]);
});

test('a step that applies committed deltas together is given them in pieces, and has the hash of one that does not', async () => {
  const restored = async (
    scan: Scan<number[], number>,
  ): Promise<{ state: number[]; hash: string | undefined }> => {
    const own = createScanState(SHAPE, scan, commits(700).committed);
    await own.catchUp();
    own.addDecided(700, []);
    return { state: own.state, hash: own.hash() };
  };
  const sizes: number[] = [];
  const together: Scan<number[], number> = {
    ...LIST,
    async applyAll(list, pieces) {
      for await (const values of pieces) {
        sizes.push(values.length);
        list.push(...values);
      }
    },
  };
  assert.deepEqual(await restored(together), await restored(LIST));
  assert.ok(sizes.length > 4 && Math.max(...sizes) <= APPLIED_AT_ONCE_MAX);
});

test('deltas of replayed rows wait; those that are committed meanwhile are not held but read again', async () => {
  const { committed, move, reads } = commits(0);
  const own = createScanState(SHAPE, LIST, committed);
  for (const { value } of deltasOf(0, 10)) LIST.apply(own.state, value as number);
  own.addDecided(10, deltasOf(0, 10));
  for (let lo = 10; lo < 20_000; lo += 10) {
    assert.equal(own.addReplayed(lo + 10, deltasOf(lo, lo + 10)), null);
    if (lo === 9000) move(8005);
  }
  assert.deepEqual(own.state, first(10), 'nothing is applied until a row has to be decided');
  await own.catchUp();
  assert.deepEqual(own.state, first(20_000));
  assert.deepEqual(reads, ['10-8005']);
  own.addDecided(20_000, []);
  assert.equal(own.addReplayed(20_010, deltasOf(20_000, 20_010)), null);
  assert.equal(own.catchUp(), null, 'a few are applied at once');
  assert.deepEqual([own.state, reads.length], [first(20_010), 1]);
});

test('the hash of the state is the same, wherever its deltas came from', async () => {
  const hashOf = async (committedTo: number, replayedTo: number): Promise<string> => {
    let told: StepState | undefined;
    const { committed } = commits(committedTo);
    const onState = (state: StepState): void => void (told = state);
    const own = createScanState({ ...SHAPE, onState }, LIST, committed);
    assert.equal(told!.upTo, null);
    assert.equal(typeof (await told!.hash), 'string');
    await own.addReplayed(replayedTo, deltasOf(committedTo, replayedTo));
    own.addDecided(50, deltasOf(replayedTo, 50));
    assert.deepEqual(told, { upTo: 50, hash: own.hash() });
    return own.hash()!;
  };
  const hashes = await Promise.all([hashOf(0, 0), hashOf(0, 30), hashOf(20, 30), hashOf(50, 50)]);
  assert.equal(new Set(hashes).size, 1);
});

test('a state that cannot be restored fails whoever waits for it', async () => {
  const committed: CommittedDeltas = {
    upTo: () => 5,
    countMax: () => 5,
    // eslint-disable-next-line require-yield
    async *read() {
      throw new Error('damaged');
    },
  };
  let told: StepState | undefined;
  const onState = (state: StepState): void => void (told = state);
  const own = createScanState({ ...SHAPE, onState }, LIST, committed);
  await assert.rejects(Promise.resolve(told!.hash), { message: 'damaged' });
  await assert.rejects(own.catchUp()!, { message: 'damaged' });
  await assert.rejects(own.addReplayed(6, [])!, { message: 'damaged' });
});

test('a step without state reads nothing and holds nothing', () => {
  const { committed, reads } = commits(300);
  const stateless = { init: () => null, decide: LIST.decide, apply: () => {} };
  const own = createScanState(SHAPE, stateless, committed);
  assert.equal(own.addReplayed(310, deltasOf(300, 310)), null);
  assert.deepEqual([own.catchUp(), own.hash(), reads], [null, undefined, []]);
});

test('a state that takes long to make is made before the first row is decided, once, and never for replayed rows', async () => {
  const { committed } = commits(300);
  let [begun, made] = [0, false];
  const fill = async (): Promise<void> => {
    begun += 1;
    await new Promise(setImmediate);
    made = true;
  };
  const own = createScanState(SHAPE, { ...LIST, fill }, committed);
  await own.addReplayed(310, deltasOf(300, 310));
  assert.equal(begun, 0);
  await own.catchUp();
  assert.deepEqual([begun, made, own.state], [1, true, first(310)]);
  assert.equal(own.catchUp(), null);
  assert.equal(begun, 1);
});

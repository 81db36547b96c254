import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMemoryBudget } from '../../../../src/operators/lib/near/memoryBudget.js';
import { SEGMENTS, createSegments, freeSlot, slotOf } from '../../../../src/operators/lib/near/segments.js';

function segmentsOf(memoryMiB: number) {
  const budget = createMemoryBudget(memoryMiB, () => 'pairs');
  return { budget, segments: createSegments(budget, (first, _second, slots) => slotOf(first, slots)) };
}

function fill(segments: ReturnType<typeof segmentsOf>['segments'], pairs: number): void {
  for (let word = 0; word < pairs; word++) {
    const table = segments.withRoom(5);
    const at = freeSlot(table, slotOf(word * 1000, table.length / 2));
    table[at] = word * 1000;
    table[at + 1] = word + 1;
    segments.added(5);
  }
}

test('a segment keeps its pairs as it grows, and the budget knows what all take', () => {
  const { budget, segments } = segmentsOf(64);
  fill(segments, 3000);
  const table = segments.tables[5]!;
  const found = new Map<number, number>();
  for (let at = 0; at < table.length; at += 2) {
    if (table[at + 1] !== 0) found.set(table[at + 1]! - 1, table[at]!);
  }
  assert.deepEqual(
    [...found].sort(([a], [b]) => a - b),
    Array.from({ length: 3000 }, (_, word) => [word, word * 1000]),
  );
  assert.equal(budget.bytes, 4 * table.length);
  assert.ok(table.length / 2 <= 3000 / 0.5, `${table.length / 2} slots`);
});

test('a segment that the budget does not allow is refused as it was', () => {
  const { segments } = segmentsOf(1);
  assert.throws(() => fill(segments, 200_000), { code: 'ERR_MEMORY' });
  const before = segments.tables[5]!;
  assert.throws(() => segments.withRoom(5), { code: 'ERR_MEMORY' });
  assert.equal(segments.tables[5], before);
});

test('room for an expected number is made at once, and not where it would take much of the budget', () => {
  const { budget, segments } = segmentsOf(128);
  segments.expect(3000 * SEGMENTS);
  const before = segments.tables[5]!;
  assert.equal(budget.bytes, SEGMENTS * 4 * before.length);
  fill(segments, 3000);
  assert.equal(segments.tables[5], before);
  assert.ok(before.length / 2 <= 3000 / 0.5, `${before.length / 2} slots`);
  const tight = segmentsOf(70);
  tight.segments.expect(3000 * SEGMENTS);
  assert.equal(tight.budget.bytes, 0);
});

test('slots have equal shares of the words', () => {
  const counts = new Int32Array(7);
  for (let word = 0; word < 1 << 22; word += 64) counts[slotOf(word | (99 << 22), 7)]! += 1;
  assert.ok(
    counts.every((count) => Math.abs(count - 65_536 / 7) < 2),
    String(counts),
  );
});

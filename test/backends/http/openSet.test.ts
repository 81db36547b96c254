import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { UNLISTED, createOpenSet } from '../../../src/backends/http/openSet.js';

const ascending = (a: number, b: number): number => a - b;

describe('createOpenSet', () => {
  it('holds what a Set would', () => {
    const turns = fc.array(fc.record({ id: fc.nat(9), isAdded: fc.boolean() }), { maxLength: 60 });
    fc.assert(
      fc.property(turns, (steps) => {
        const items = Array.from({ length: 10 }, (_, id) => ({ id, index: UNLISTED }));
        const open = createOpenSet<(typeof items)[number]>();
        const expected = new Set<number>();
        for (const { id, isAdded } of steps) {
          const item = items[id]!;
          if (!isAdded) {
            open.remove(item);
            expected.delete(id);
          } else if (!expected.has(id)) {
            open.add(item);
            expected.add(id);
          }
          assert.deepEqual(open.items.map((each) => each.id).sort(ascending), [...expected].sort(ascending));
        }
      }),
    );
  });

  it('removes nothing twice', () => {
    const [first, second] = [{ index: UNLISTED }, { index: UNLISTED }];
    const open = createOpenSet();
    open.add(first);
    open.add(second);
    open.remove(first);
    open.remove(first);
    assert.deepEqual(open.items, [second]);
  });
});

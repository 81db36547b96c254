/** A set of 32-bit integers that is emptied in constant time, for use and reuse in a hot loop: 8 bytes a slot. */
export interface IntSet {
  /** Empties the set and makes room for `count` integers. */
  clear(count: number): void;
  /** False if it was there. At most as many integers as `clear` made room for. */
  add(value: number): boolean;
}

const SLOTS_MIN = 256;

/** Open addressing. A slot is a value and the round in which it was set, so that emptying is the next round. */
export function createIntSet(): IntSet {
  let slots = new Int32Array(2 * SLOTS_MIN);
  let mask = SLOTS_MIN - 1;
  let round = 0;

  function clear(count: number): void {
    if (2 * count > mask + 1) {
      mask = 2 ** Math.ceil(Math.log2(2 * count)) - 1;
      slots = new Int32Array(2 * (mask + 1));
      round = 0;
    }
    round = (round + 1) | 0;
    if (round !== 0) return;
    slots.fill(0);
    round = 1;
  }

  function add(value: number): boolean {
    let at = home(value) & mask;
    while (slots[2 * at + 1] === round) {
      if (slots[2 * at] === value) return false;
      at = (at + 1) & mask;
    }
    slots[2 * at] = value;
    slots[2 * at + 1] = round;
    return true;
  }

  clear(0);
  return { clear, add };
}

/** Row numbers that follow each other are spread too. */
function home(value: number): number {
  const product = Math.imul(value, 0x9e3779b1);
  return product ^ (product >>> 15);
}

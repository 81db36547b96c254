/**
 * The places of the values in ascending order; equal ones keep theirs. By the digits of their bits, so that a million take about a
 * tenth of the time of a sort that compares: what sorts at the end of a run holds its event loop. `values`: finite.
 */
export function argsort(values: Float64Array): Uint32Array {
  const count = values.length;
  const keys = sortableBits(values);
  let order = new Uint32Array(count);
  for (let at = 0; at < count; at++) order[at] = at;
  let next = new Uint32Array(count);
  for (let digit = 0; digit < DIGITS; digit++) {
    const starts = startsOf(keys, digit);
    if (!starts) continue;
    for (let at = 0; at < count; at++) {
      const place = order[at]!;
      next[starts[keys[place * DIGITS + digit]!]!++] = place;
    }
    [order, next] = [next, order];
  }
  return order;
}

/** 16 bits each; a processor that Node runs on has the lowest first. */
const DIGITS = 4;
const DIGIT_VALUES = 2 ** 16;

/** Bits whose order as whole numbers is that of the values: of negative ones all are turned, of others the sign alone. */
function sortableBits(values: Float64Array): Uint16Array {
  const copies = values.slice();
  // A zero with a sign is equal to one without.
  for (let at = 0; at < copies.length; at++) copies[at]! += 0;
  const keys = new Uint16Array(copies.buffer);
  for (let top = DIGITS - 1; top < keys.length; top += DIGITS) {
    if (keys[top]! < 0x8000) keys[top]! |= 0x8000;
    else for (let at = top - DIGITS + 1; at <= top; at++) keys[at]! ^= 0xffff;
  }
  return keys;
}

/** Where the values with each digit begin; null where all have the same. */
function startsOf(keys: Uint16Array, digit: number): Uint32Array | null {
  const starts = new Uint32Array(DIGIT_VALUES);
  for (let at = digit; at < keys.length; at += DIGITS) starts[keys[at]!]! += 1;
  if (starts[keys[digit] ?? 0] === keys.length / DIGITS) return null;
  let below = 0;
  for (let value = 0; value < DIGIT_VALUES; value++) {
    const count = starts[value]!;
    starts[value] = below;
    below += count;
  }
  return starts;
}

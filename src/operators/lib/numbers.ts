/** Numbers in the order in which they came, 8 bytes each: as an array that grows in steps, of which half may be spare. */
export interface Numbers {
  add(value: number): void;
  all(): Float64Array;
}

const FIRST_LENGTH = 1024;

export function createNumbers(): Numbers {
  let values = new Float64Array(FIRST_LENGTH);
  let count = 0;
  return {
    add(value) {
      if (count === values.length) values = doubled(values);
      values[count++] = value;
    },
    all: () => values.subarray(0, count),
  };
}

function doubled(values: Float64Array): Float64Array<ArrayBuffer> {
  const wider = new Float64Array(2 * values.length);
  wider.set(values);
  return wider;
}

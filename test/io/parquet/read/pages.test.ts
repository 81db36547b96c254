import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ChunkFacts, checkPages } from '../../../../src/io/parquet/read/pages.js';

const FACTS: ChunkFacts = {
  ...{ values: 8, repetitionLevelMax: 0, definitionLevelMax: 1, plainBytesMin: 4, isBoolean: false },
  ...{ uncompressedBytes: 100, decompress: (page) => page },
};

const zigzag = (value: number): number[] => {
  const bytes: number[] = [];
  for (let rest = value * 2; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...bytes, rest];
    bytes.push((rest % 128) + 128);
  }
};

/** A data page of version 1 with so many values. */
function dataPage(count: number, page: readonly number[], encoding = 0, sizes = page.length): Uint8Array {
  const header = [0x15, 0, 0x15, ...zigzag(sizes), 0x15, ...zigzag(page.length)];
  const inner = [0x2c, 0x15, ...zigzag(count), 0x15, ...zigzag(encoding), 0x15, 6, 0x15, 6, 0];
  return Uint8Array.from([...header, ...inner, 0, ...page]);
}

/** Definition levels: one run of so many ones. */
const levels = (run: number): number[] => [2, 0, 0, 0, run * 2, 1];
const values = (count: number): number[] => Array.from({ length: count * 4 }, () => 7);

test('pages whose counts and lengths agree pass', () => {
  checkPages(dataPage(8, [...levels(8), ...values(8)]), FACTS);
  checkPages(
    Uint8Array.from([
      ...dataPage(3, [...levels(3), ...values(3)]),
      ...dataPage(5, [...levels(5), ...values(5)]),
    ]),
    FACTS,
  );
});

test('counts and lengths that contradict each other are refused before they are believed', () => {
  const check =
    (page: Uint8Array, facts: Partial<ChunkFacts> = {}) =>
    () =>
      checkPages(page, { ...FACTS, ...facts });
  assert.throws(check(dataPage(7, [...levels(7), ...values(7)])), /hold 7 values, the footer says 8/);
  assert.throws(check(dataPage(9, [...levels(9), ...values(9)])), /more values than its column chunk/);
  assert.throws(check(dataPage(8, [...levels(60), ...values(8)])), /a run holds more values than its page/);
  assert.throws(check(dataPage(8, [...levels(5), ...values(8)])), /fewer levels than values/);
  assert.throws(check(dataPage(8, [9, 0, 0, 0, 1])), /cut off/);
  assert.throws(
    check(dataPage(8, values(8)).subarray(0, -1), { definitionLevelMax: 0 }),
    /longer than its column chunk/,
  );
  assert.throws(check(dataPage(8, values(7)), { definitionLevelMax: 0 }), /shorter than its values/);
  assert.throws(check(dataPage(8, [...levels(8), 40, 2, 1], 8)), /more than 32 bits/);
  assert.throws(check(dataPage(8, [...levels(8), 1, 200, 1, 1], 8)), /a run holds more values/);
  assert.throws(check(dataPage(8, values(8), 0, 1 << 30)), /longer than its column chunk/);
});

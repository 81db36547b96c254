import { Damage } from '../../files/damage.js';

/** A struct of Thrift's compact protocol: its fields by their numbers. */
export type ThriftStruct = ReadonlyMap<number, ThriftValue>;

export type ThriftValue = boolean | number | bigint | Uint8Array | ThriftStruct | readonly ThriftValue[];

const DEPTH_MAX = 16;

/** Reads one struct from `start` on. Throws an Error where the bytes are no struct. */
export function readThrift(bytes: Uint8Array, start: number): { fields: ThriftStruct; end: number } {
  let at = start;

  function byte(): number {
    if (at >= bytes.length) throw new Damage('a page header is cut off');
    return bytes[at++]!;
  }

  function varint(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const part = byte();
      value |= BigInt(part & 0x7f) << shift;
      if (part < 0x80) return value;
    }
    throw new Damage('a number in a page header is too long');
  }

  function zigzag(): bigint {
    const value = varint();
    return (value >> 1n) ^ -(value & 1n);
  }

  function length(): number {
    const value = varint();
    if (value > BigInt(bytes.length - at)) throw new Damage('a page header is cut off');
    return Number(value);
  }

  function list(depth: number): ThriftValue[] {
    const head = byte();
    const count = head >> 4 === 15 ? length() : head >> 4;
    const type = head & 15;
    return Array.from({ length: count }, () => (type <= 2 ? byte() === 1 : value(type, depth)));
  }

  function value(type: number, depth: number): ThriftValue {
    if (type === 1 || type === 2) return type === 1;
    if (type === 3) return byte();
    if (type >= 4 && type <= 6) return type === 6 ? zigzag() : Number(zigzag());
    if (type === 7) return skip(8);
    if (type === 8) return skip(length());
    if (type === 9) return list(depth + 1);
    if (type === 12) return struct(depth + 1);
    throw new Damage('a page header holds a value of an unknown type');
  }

  function skip(count: number): Uint8Array {
    if (at + count > bytes.length) throw new Damage('a page header is cut off');
    at += count;
    return bytes.subarray(at - count, at);
  }

  function struct(depth: number): ThriftStruct {
    if (depth > DEPTH_MAX) throw new Damage('a page header is nested too deeply');
    const fields = new Map<number, ThriftValue>();
    for (let id = 0, head = byte(); head !== 0; head = byte()) {
      id = head >> 4 === 0 ? Number(zigzag()) : id + (head >> 4);
      fields.set(id, value(head & 15, depth));
    }
    return fields;
  }

  return { fields: struct(0), end: at };
}

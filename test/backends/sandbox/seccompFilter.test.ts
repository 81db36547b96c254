import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FILTERED_PROCESSORS, seccompFilter } from '../../../src/backends/sandbox/seccompFilter.js';

const ALLOW = 0x7fff0000;
const KILL = 0x80000000;
const EPERM = 0x00050001;
const AUDITS: Readonly<Record<string, number>> = { x64: 0xc000003e, arm64: 0xc00000b7 };

/** What the kernel would answer: the instructions of classic BPF that the filter uses. */
function answerOf(
  filter: Buffer,
  { audit, number, first = 0 }: { audit: number; number: number; first?: number },
): number {
  const data = new Map([
    [0, number],
    [4, audit],
    [16, first],
  ]);
  let accumulator = 0;
  for (let at = 0; at < filter.length; at += 8) {
    const code = filter.readUInt16LE(at);
    const k = filter.readUInt32LE(at + 4);
    const jump = (isTrue: boolean): number => 8 * filter.readUInt8(at + (isTrue ? 2 : 3));
    if (code === 0x20) accumulator = data.get(k)!;
    else if (code === 0x15) at += jump(accumulator === k);
    else if (code === 0x35) at += jump(accumulator >= k);
    else if (code === 0x45) at += jump((accumulator & k) !== 0);
    else if (code === 0x06) return k;
    else assert.fail(`an instruction ${code}`);
  }
  return assert.fail('the filter has no end');
}

test('the filter lets through what Python needs, and refuses the rest with an error', () => {
  assert.deepEqual(FILTERED_PROCESSORS, ['x64', 'arm64']);
  const calls = {
    x64: { read: 0, shmget: 29, ptrace: 101, unshare: 272, socket: 41, clone: 56, clone3: 435 },
    arm64: { read: 63, shmget: 194, ptrace: 117, unshare: 97, socket: 198, clone: 220, clone3: 435 },
  };
  for (const processor of ['x64', 'arm64'] as const) {
    const filter = seccompFilter(processor)!;
    const numbers = calls[processor];
    const ask = (number: number, first?: number): number =>
      answerOf(filter, { audit: AUDITS[processor]!, number, ...(first === undefined ? {} : { first }) });
    assert.equal(ask(numbers.read), ALLOW);
    for (const refused of [numbers.shmget, numbers.ptrace, numbers.unshare])
      assert.equal(ask(refused), EPERM);
    assert.equal(ask(numbers.clone3) & 0xffff, 38, 'ENOSYS: the C library then calls clone');
    assert.equal(ask(numbers.socket, 1), ALLOW, 'AF_UNIX');
    assert.equal(ask(numbers.socket, 2) & 0xffff, 97, 'AF_INET');
    assert.equal(ask(numbers.clone, 0x11), ALLOW, 'a fork');
    assert.equal(ask(numbers.clone, 0x10000011), EPERM, 'CLONE_NEWUSER');
    assert.equal(answerOf(filter, { audit: 0x40000003, number: numbers.read }), KILL, 'the calls of i386');
  }
  assert.equal(answerOf(seccompFilter('x64')!, { audit: AUDITS['x64']!, number: 0x40000000 }), KILL, 'x32');
});

test('there is none for another processor', () => {
  assert.equal(seccompFilter('riscv64'), null);
  assert.equal(seccompFilter('constructor'), null);
});

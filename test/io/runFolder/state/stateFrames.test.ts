import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  type StateEntry,
  readStateFrames,
  stateFrameWriter,
} from '../../../../src/io/runFolder/state/stateFrames.js';
import { collect } from '../../../helpers/texts/chunks.js';

function framesOf(entries: readonly StateEntry[]): Buffer[] {
  const writer = stateFrameWriter();
  return [...entries.flatMap((entry) => writer.add(entry) ?? []), ...writer.rest()];
}

async function* inPieces(bytes: Buffer, pieceBytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
}

async function read(bytes: Buffer, step: string, pieceBytes = 1 << 16): Promise<StateEntry[]> {
  const frames = await collect(readStateFrames(inPieces(bytes, pieceBytes), step));
  return frames.flatMap(({ seqs, values }) => values.map((value, at) => ({ seq: seqs[at]!, step, value })));
}

test('frames are read from pieces that are cut anywhere', async () => {
  const entries = [
    { seq: 0, step: 'a', value: Buffer.of(1, 2, 3) },
    { seq: 1, step: 'é', value: { x: null } },
    { seq: 2 ** 40, step: 'a', value: Buffer.alloc(0) },
    { seq: 2 ** 40, step: 'a', value: 'text' },
  ];
  const bytes = Buffer.concat(framesOf(entries));
  for (const pieceBytes of [1, 7, 16, 64, bytes.length]) {
    assert.deepEqual(
      await read(bytes, 'a', pieceBytes),
      entries.filter(({ step }) => step === 'a'),
    );
    assert.deepEqual(await read(bytes, 'é', pieceBytes), [entries[1]]);
  }
});

test('a frame holds 64 KiB and one entry, and values without bytes count too', () => {
  const sizes = (value: unknown): number[] =>
    framesOf(Array.from({ length: 20_000 }, (_, seq) => ({ seq, step: 'a', value }))).map(
      (frame) => frame.length,
    );
  for (const value of [Buffer.alloc(0), Buffer.alloc(200), 'text'])
    assert.ok(Math.max(...sizes(value)) < (1 << 16) + 256 && sizes(value).length > 2);
  assert.equal(framesOf([{ seq: 0, step: 'a', value: Buffer.alloc(1 << 18) }]).length, 1);
});

test('bytes that are no frames are an error, never other entries without end', async () => {
  const whole = Buffer.concat(
    framesOf([
      { seq: 3, step: 'a', value: Buffer.from('a value') },
      { seq: 4, step: 'b', value: { other: 'value' } },
    ]),
  );
  await assert.rejects(read(whole.subarray(0, -1), 'a'), /cut off/);
  await assert.rejects(read(Buffer.alloc(32), 'a'), /no frame/);
  await fc.assert(
    fc.asyncProperty(fc.nat(whole.length - 1), fc.nat(255), async (at, byte) => {
      const changed = Buffer.from(whole);
      changed[at] = byte;
      // What the checksum of the file finds may be read as other values.
      await read(changed, at % 2 === 0 ? 'a' : 'b').catch((error: unknown) =>
        assert.ok(error instanceof Error),
      );
    }),
    { numRuns: 300 },
  );
});

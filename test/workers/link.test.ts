import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import { type Wire, linkOver } from '../../src/workers/link.js';
import { encodeMessage } from '../../src/workers/messages.js';

interface Message {
  kind: string;
  id?: number;
}

/** Gives what it is told; nothing comes by itself. */
class TestWire extends EventEmitter implements Wire {
  written: Uint8Array[] = [];
  isEnded = false;
  write(bytes: Uint8Array): void {
    this.written.push(bytes);
  }
  destroySoon(): void {
    this.isEnded = true;
  }
  unref(): void {}
}

function linked(read?: Uint8Array) {
  const wire = new TestWire();
  const link = linkOver<Message, Message>(wire, read);
  const got: unknown[] = [];
  link.listen(
    ({ kind, id }) => got.push(id === undefined ? kind : `${kind} ${id}`),
    () => got.push('closed'),
  );
  return { wire, link, got };
}

test('messages pass both ways; what came with the opening comes first', () => {
  const { wire, link, got } = linked(encodeMessage({ kind: 'first' }));
  wire.emit('data', encodeMessage({ kind: 'unit', id: 4 } as Message));
  link.send({ kind: 'ready' });
  assert.deepEqual(got, ['first', 'unit 4']);
  assert.deepEqual(wire.written, [encodeMessage({ kind: 'ready' })]);
});

test('its end is told once, whoever ends it, and nothing passes behind it', async () => {
  for (const end of ['own', 'close', 'end'] as const) {
    const { wire, link, got } = linked();
    if (end === 'own') link.close();
    else wire.emit(end);
    wire.emit('data', encodeMessage({ kind: 'late' }));
    link.send({ kind: 'late' });
    link.close();
    wire.emit('close');
    await Promise.resolve();
    assert.deepEqual(got, ['closed'], end);
    assert.deepEqual(wire.written, []);
    assert.ok(wire.isEnded);
  }
});

test('an error of the socket, or bytes that are no message, end the link', async () => {
  const broken = linked();
  broken.wire.emit('error', new Error('reset'));
  broken.wire.emit('close');
  const foreign = linked();
  foreign.wire.emit(
    'data',
    Buffer.from('GET / HTTP/1.1\r\n\r\n'.padEnd(64, '\xff'), 'latin1').fill(255, 0, 4),
  );
  await Promise.resolve();
  assert.deepEqual([broken.got, foreign.got], [['closed'], ['closed']]);
});

import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { asSystemError, hearOutput } from '../../src/cli/systemErrors.js';

test('what the system refuses gets a code; a mistake of ours stays one', () => {
  const refused = Object.assign(new Error('EMFILE'), { code: 'EMFILE', syscall: 'open', path: '/tmp/x' });
  assert.equal(asSystemError(refused)?.code, 'ERR_IO_READ');
  assert.match(asSystemError(refused)!.message, /\/tmp\/x/);
  assert.equal(asSystemError(Object.assign(new Error('x'), { code: 'ENOENT', syscall: 'open' })), null);
  assert.equal(asSystemError(new TypeError('x is not a function')), null);
  assert.equal(asSystemError(undefined), null);
});

test('a thread that cannot start for want of file descriptors is no bug', () => {
  const failed = (message: string) => Object.assign(new Error(message), { code: 'ERR_WORKER_INIT_FAILED' });
  const refused = asSystemError(failed('Worker initialization failure: EMFILE'));
  assert.equal(refused?.code, 'ERR_IO_READ');
  assert.match(refused!.message, /a thread.*Raise the limit/);
  assert.equal(asSystemError(failed('Worker initialization failure: ERR_OTHER')), null);
});

test('a process that gets no memory is told so', () => {
  const refused = asSystemError(
    new RangeError('WebAssembly.Instance(): Out of memory: Cannot allocate Wasm memory'),
  );
  assert.equal(refused?.code, 'ERR_IO_READ');
  assert.match(refused!.message, /ulimit -v/);
  assert.equal(asSystemError(new RangeError('Invalid array length')), null);
});

test('a reader that goes away is no failure; any other is told once', () => {
  const stream = new PassThrough() as unknown as NodeJS.WriteStream;
  const told: (string | undefined)[] = [];
  hearOutput(stream, ({ code }) => told.push(code));
  hearOutput(stream, () => told.push('twice'));
  stream.emit('error', Object.assign(new Error('gone'), { code: 'EPIPE' }));
  stream.emit('error', Object.assign(new Error('full'), { code: 'ENOSPC' }));
  assert.deepEqual(told, ['ENOSPC']);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createContinueFilter } from '../../../src/backends/http/continueFilter.js';

const REPLY = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}';
const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n';

/** A socket that gives these pieces, one at a time, and then nothing. */
function socketOf(pieces: readonly string[]) {
  const left = pieces.map((piece) => Buffer.from(piece));
  return { read: (): Buffer | null => left.shift() ?? null };
}

/** All that is read of a socket through the filter; a second reply begins where `again` says. */
function readThrough(pieces: readonly string[], again: readonly string[] = []): string {
  const filter = createContinueFilter();
  const socket = socketOf(pieces);
  filter.watch(socket);
  filter.replyBegins();
  const all: string[] = [];
  for (let chunk = socket.read(); chunk; chunk = socket.read()) all.push(chunk.toString());
  if (again.length > 0) all.push(readThrough(again));
  return all.join('');
}

function piecesOf(text: string, size: number): string[] {
  return Array.from({ length: Math.ceil(text.length / size) }, (_, at) =>
    text.slice(at * size, (at + 1) * size),
  );
}

test('what stands before a reply is taken away, however it is cut into pieces', () => {
  const withHeaders = 'HTTP/1.0 100 Go on\r\nserver: x\r\n\r\n';
  for (const before of ['', CONTINUE, CONTINUE + CONTINUE, withHeaders + CONTINUE])
    for (let size = 1; size <= 90; size++) assert.equal(readThrough(piecesOf(before + REPLY, size)), REPLY);
});

test('other interim replies, and what looks like one inside of a reply, stay', () => {
  const hints = `HTTP/1.1 103 Early Hints\r\nlink: a\r\n\r\n${REPLY}`;
  assert.equal(readThrough([hints]), hints);
  const inside = REPLY.replace('{}', CONTINUE);
  assert.equal(readThrough(piecesOf(inside, 7)), inside);
  const other = 'SSH-2.0-OpenSSH\r\n';
  assert.equal(readThrough(piecesOf(other, 1)), other);
});

test('an interim reply without an end is bounded', () => {
  const endless = `HTTP/1.1 100 ${'x'.repeat(1 << 15)}`;
  assert.equal(readThrough(piecesOf(endless, 1000)).length, endless.length);
});

test('a connection that is opened anew begins anew', () => {
  const filter = createContinueFilter();
  const first = socketOf(['HTTP/1.1 1']);
  filter.watch(first);
  filter.replyBegins();
  assert.equal(first.read(), null);
  const second = socketOf([CONTINUE + REPLY]);
  filter.watch(second);
  assert.equal(second.read()?.toString(), REPLY);
  // Nobody asked for more: what comes then is a surplus, which is undici's to refuse.
  const late = socketOf([CONTINUE]);
  filter.watch(late);
  assert.equal(late.read()?.toString(), CONTINUE);
});

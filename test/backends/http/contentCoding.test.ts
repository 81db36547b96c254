import assert from 'node:assert/strict';
import { test } from 'node:test';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { isCoded, unpacked } from '../../../src/backends/http/contentCoding.js';
import { REPLY_BYTES_MAX } from '../../../src/backends/limits.js';

const TEXT = JSON.stringify({ said: 'é'.repeat(500) });

async function textOf(header: string | undefined, bytes: Buffer): Promise<string> {
  const plain = await unpacked(header, bytes);
  return 'bytes' in plain ? plain.bytes.toString() : `${plain.coding} ${plain.why}`;
}

test('each coding that servers use is taken away, also several, whatever its header says of gzip', async () => {
  const packed: [string | undefined, Buffer][] = [
    ['gzip', gzipSync(TEXT)],
    [undefined, gzipSync(TEXT)],
    ['identity', gzipSync(TEXT)],
    ['X-GZip', gzipSync(TEXT)],
    ['br', brotliCompressSync(TEXT)],
    [' BR ', brotliCompressSync(TEXT)],
    ['deflate', deflateSync(TEXT)],
    ['deflate', deflateRawSync(TEXT)],
    ['br, gzip', gzipSync(brotliCompressSync(TEXT))],
  ];
  for (const [header, bytes] of packed) {
    assert.ok(isCoded(header, bytes), header);
    assert.equal(await textOf(header, bytes), TEXT, header);
  }
});

test('what is text already stays, whatever the header says', async () => {
  for (const header of [undefined, '', 'identity', 'gzip', 'br', 'deflate', 'zstd', 'nonsense'])
    assert.equal(await textOf(header, Buffer.from(TEXT)), TEXT, header);
  for (const header of [undefined, '', 'identity']) assert.ok(!isCoded(header, Buffer.from(TEXT)));
});

test('an unknown coding is named; damaged bytes and ones that unpack to too much are told apart', async () => {
  assert.equal(await textOf('zstd', Buffer.of(0x28, 0xb5, 0x2f, 0xfd, 0)), 'zstd unknown');
  assert.equal(await textOf('br', Buffer.of(1, 2, 3)), 'br damaged');
  assert.equal(await textOf('gzip', gzipSync(TEXT).subarray(0, 20)), 'gzip damaged');
  const bomb = gzipSync(Buffer.alloc(REPLY_BYTES_MAX + 1));
  assert.equal(await textOf(undefined, bomb), 'gzip tooLong');
  assert.equal(await textOf('br', brotliCompressSync(Buffer.alloc(REPLY_BYTES_MAX + 1))), 'br tooLong');
});

test('a header of any length costs little', async () => {
  const header = 'gzip,'.repeat(1 << 18);
  const started = process.cpuUsage();
  await unpacked(header, Buffer.from(TEXT));
  const { user, system } = process.cpuUsage(started);
  assert.ok(user + system < 100_000);
});

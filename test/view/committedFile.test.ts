import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { nodeFiles } from '../../src/io/files/files.js';
import { sendFile } from '../../src/view/committedFile.js';
import { testFolder } from '../helpers/files/testFolder.js';

test('a file longer than a piece is sent whole or in part; a reader that leaves frees it', async (t) => {
  const folder = await testFolder(t);
  const bytes = Buffer.from(Array.from({ length: 3_000_000 }, (_, at) => at % 251));
  writeFileSync(join(folder, 'a'), bytes);
  let open = 0;
  const files = {
    ...nodeFiles,
    async open(path: string, mode: 'read') {
      const file = await nodeFiles.open(path, mode);
      open += 1;
      return { ...file, close: () => ((open -= 1), file.close()) };
    },
  };
  const server = createServer((request, response) => {
    const asked = { header: request.headers.range, isHead: request.method === 'HEAD' };
    void sendFile(files as typeof nodeFiles, folder, 'a', asked, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  assert.deepEqual(Buffer.from(await (await fetch(url)).arrayBuffer()), bytes);
  const part = await fetch(url, { headers: { range: 'bytes=100000-1200000' } });
  assert.deepEqual(Buffer.from(await part.arrayBuffer()), bytes.subarray(100_000, 1_200_001));
  const head = await fetch(url, { method: 'HEAD' });
  assert.deepEqual([head.status, head.headers.get('content-length')], [200, '3000000']);
  const leaving = new AbortController();
  await fetch(url, { signal: leaving.signal });
  leaving.abort();
  for (let round = 0; round < 100 && open > 0; round++)
    await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(open, 0);
});

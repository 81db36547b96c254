import assert from 'node:assert/strict';
import { type Socket, connect } from 'node:net';
import { type TestContext, test } from 'node:test';
import { CLIENTS_MAX } from '../../src/view/eventClients.js';
import { openView } from '../../src/view/openView.js';
import { finishedRun } from '../helpers/runs/finishedRun.js';

async function viewed(t: TestContext): Promise<{ url: string }> {
  const { run } = await finishedRun(6);
  const view = await openView(run);
  t.after(() => view.close());
  return view;
}

test('a thousand open pages are refused connections and cost no more; those within the bounds are served', async (t) => {
  const { url } = await viewed(t);
  const { port, pathname } = new URL(url);
  let refused = 0;
  const open: Socket[] = [];
  for (let page = 0; page < 1000; page++) {
    const socket = connect(Number(port), '127.0.0.1');
    socket.on('error', () => {});
    socket.resume().once('close', () => (refused += 1));
    socket.on('connect', () =>
      socket.write(`GET ${pathname}events HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n\r\n`),
    );
    open.push(socket);
  }
  t.after(() => open.forEach((socket) => void socket.destroy()));
  const enough = 1000 - 128;
  for (let round = 0; round < 200 && refused < enough; round++)
    await new Promise((resolve) => setTimeout(resolve, 50));
  assert.ok(refused >= enough, `${refused} were refused`);
  const listening = open.filter((socket) => !socket.destroyed && socket.bytesRead > 1000);
  assert.ok(listening.length <= CLIENTS_MAX, `${listening.length} listen`);
  for (const socket of open) socket.destroy();
  for (let round = 0; round < 50; round++) {
    const status = await fetch(`${url}api/run`).then(
      (response) => response.status,
      () => 0,
    );
    if (status === 200) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.fail('the page is not served again');
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NEVER } from 'rxjs';
import { openWatchers } from '../../src/cli/watchers.js';
import { openLiveView } from '../../src/view/openLiveView.js';

const PROGRAM = {
  plan: { name: 'program', filled: new Map(), steps: [], models: {}, settings: {} },
  folder: '/nowhere',
  events: NEVER,
  result: new Promise(() => {}),
};

/** What is said on stderr while `work` goes on. */
async function saidBy(work: () => Promise<unknown>): Promise<string> {
  const { write } = process.stderr;
  let said = '';
  process.stderr.write = (text: string | Uint8Array) => ((said += String(text)), true);
  try {
    await work();
  } finally {
    process.stderr.write = write;
  }
  return said;
}

test('without flags nobody watches, and nothing ends the command', async () => {
  const watchers = await openWatchers({});
  watchers.follow(PROGRAM);
  await watchers.stay();
  await watchers.close();
  assert.deepEqual([watchers.calls, watchers.signal.aborted], [undefined, false]);
});

test('the page and the monitors follow the same work, and the page ends it', async () => {
  let watchers!: Awaited<ReturnType<typeof openWatchers>>;
  const said = await saidBy(async () => {
    watchers = await openWatchers({ live: true, metrics: { host: '127.0.0.1', port: 0 } });
  });
  const page = /shown at\s+(\S+)/.exec(said)![1]!;
  const metrics = /Metrics at (\S+)\./.exec(said)![1]!;
  watchers.follow(PROGRAM, { chain: 'night', link: 'program', number: 2, links: 3 });
  assert.match(await (await fetch(metrics)).text(), /scalequest_chain_link_number 2/);
  const { status } = await fetch(`${page}control/stop`, {
    method: 'POST',
    headers: { origin: new URL(page).origin },
  });
  assert.deepEqual([status, watchers.signal.aborted], [200, true]);
  await watchers.close();
  await assert.rejects(fetch(metrics));
  await assert.rejects(fetch(page));
});

test('where the page cannot be had, the page of metrics is closed again', async (t) => {
  const other = await openLiveView({ stop: () => {} });
  t.after(() => other.close());
  const live = Number(new URL(other.url).port);
  const said = await saidBy(() =>
    assert.rejects(openWatchers({ live, metrics: { host: '127.0.0.1', port: 0 } }), {
      code: 'ERR_VIEW_LISTEN',
    }),
  );
  await assert.rejects(fetch(/Metrics at (\S+)\./.exec(said)![1]!));
});

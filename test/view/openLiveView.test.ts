import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planChain, runChain } from '../../src/index.js';
import { followLinks } from '../../src/run/chain/chainLinks.js';
import { openLiveView } from '../../src/view/openLiveView.js';
import { smallChain } from '../helpers/runs/smallChain.js';

interface Told {
  hasRun: boolean;
  canPause: boolean;
  chain: { link: string } | null;
}

test('one page follows a chain from link to link, and one that is open is told of each', async (t) => {
  const view = await openLiveView({ stop: () => {} });
  t.after(() => view.close());
  assert.equal((await fetch(`${view.url}api/run`)).status, 404);
  const reader = (await fetch(`${view.url}events`)).body!.getReader();
  const { chain } = (await planChain(smallChain().file))!;
  const run = runChain(chain);
  followLinks(run, view.follow);
  await run.result;
  let text = '';
  while ((text.match(/event: all/g) ?? []).length < 4 || !text.includes('"event":"finished"'))
    text += Buffer.from((await reader.read()).value!).toString();
  void reader.cancel();
  const all = [...text.matchAll(/event: all\ndata: (.*)/g)].map(([, data]) => JSON.parse(data!) as Told);
  assert.deepEqual(
    all.map(({ chain: place, hasRun, canPause }) => [place?.link, hasRun, canPause]),
    [
      [undefined, false, false],
      ['first', true, true],
      ['copy', false, false],
      ['second', true, true],
    ],
  );
  const facts = (await (await fetch(`${view.url}api/run`)).json()) as { folder: string };
  assert.match(facts.folder, /second$/);
  const headers = { origin: new URL(view.url).origin };
  assert.equal((await fetch(`${view.url}control/pause`, { method: 'POST', headers })).status, 200);
});

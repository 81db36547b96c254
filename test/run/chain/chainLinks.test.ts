import assert from 'node:assert/strict';
import { basename } from 'node:path';
import { test } from 'node:test';
import { planChain, runChain } from '../../../src/index.js';
import { type ChainPlace, type FollowedWork, followLinks } from '../../../src/run/chain/chainLinks.js';
import { smallChain } from '../../helpers/runs/smallChain.js';

test('each link is told once it has begun: runs with their models, a program with its own events alone', async () => {
  const { chain } = (await planChain(smallChain().file))!;
  const run = runChain(chain);
  const told: { work: FollowedWork; place: ChainPlace; events: string[] }[] = [];
  followLinks(run, (work, place) => {
    const events: string[] = [];
    told.push({ work, place, events });
    work.events.subscribe(({ event }) => void events.push(event));
  });
  await run.result;
  assert.deepEqual(
    told.map(({ place }) => place),
    ['first', 'copy', 'second'].map((link, at) => ({ chain: 'small', link, number: at + 1, links: 3 })),
  );
  assert.deepEqual(
    told.map(({ work }) => [work.plan.name, basename(work.folder), work.stats !== undefined]),
    [
      ['small', 'first', true],
      ['small', 'copy', false],
      ['small', 'second', true],
    ],
  );
  assert.ok(told[0]!.events.includes('reported') && told[2]!.events.includes('reported'));
  assert.deepEqual(told[1]!.events, ['trainingLaunched', 'trainingEnded']);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cases } from '../helpers/texts/cases.js';
import { takeOverEverywhere } from './takenOver.js';

const STRIDE = cases(75, 7);

for (const pipeline of ['best', 'several'] as const) {
  test(`${pipeline}: taken over by another machine at any call, the older one going on then or later: the unbroken run's bytes`, async () => {
    const { takeOvers, ended, together } = await takeOverEverywhere({ pipeline, seed: 5, stride: STRIDE });
    assert.ok(takeOvers > 3 && together > 0, `${takeOvers} ${together}`);
    assert.ok(ended >= takeOvers - 3, `${ended} of ${takeOvers} ended`);
  });
}

test('the other machine’s models answer otherwise: every row once, what was committed stays', async () => {
  const { takeOvers, ended } = await takeOverEverywhere({
    ...{ pipeline: 'rare', seed: 6, stride: STRIDE },
    hasOtherReplies: true,
  });
  assert.ok(takeOvers > 3 && ended >= takeOvers - 3, `${ended} of ${takeOvers}`);
});

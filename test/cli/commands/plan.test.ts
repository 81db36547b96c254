import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hostCommand } from '../../helpers/commandHost.js';
import { QUICKSTART } from '../../helpers/runs/pipelineWorld.js';

test('plan: what each step reads, writes and asks; --set counts', async () => {
  const { code, stdout } = await hostCommand([
    'plan',
    QUICKSTART,
    '--set',
    'target=24',
    '--set',
    'source.windowRows=64',
  ]);
  assert.match(stdout, /^ends at 24 kept rows$/m);
  assert.match(stdout, /^source {2}at most 64 rows in flight, in batches of 32$/m);
  assert.match(stdout, /^ 4 {2}judgeSolvability: /m);
  assert.equal(code, 0);
});

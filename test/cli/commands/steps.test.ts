import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OPERATORS } from '../../helpers/operators.js';
import { hostCommand } from '../../helpers/commandHost.js';

test('steps: every operator, then one of them in full', async () => {
  const list = await hostCommand(['steps']);
  for (const { name, summary } of OPERATORS)
    assert.match(list.stdout, new RegExp(`^${name} +${summary.slice(0, 20)}`, 'm'));
  const page = await hostCommand(['steps', 'generate']);
  assert.match(page.stdout, /^## generate\n[^]*\| `tokensMax` \|[^]*```yaml\n/);
  assert.deepEqual([list.code, page.code], [0, 0]);
});

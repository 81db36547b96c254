import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rewrittenPairs } from '../helpers/texts/rewrittenPairs.js';

test('qpo.yaml with the bundled rewriter mends more questions than it breaks', async () => {
  const rows = await rewrittenPairs(48, 'steps.rewrite.directions={ solvability: 1 }');
  assert.deepEqual([...new Set(rows.map(({ direction }) => direction))], ['solvability']);
  const mended = rows.filter((row) => row.isChosenSound && !row.isRejectedSound);
  const broken = rows.filter((row) => !row.isChosenSound && row.isRejectedSound);
  assert.ok(mended.length > 2 * broken.length, `${mended.length} mended, ${broken.length} broken`);
});

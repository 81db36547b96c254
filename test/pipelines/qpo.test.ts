import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cases } from '../helpers/texts/cases.js';
import { rewrittenPairs } from '../helpers/texts/rewrittenPairs.js';

test('qpo.yaml draws both directions, and most harder versions are sound', async () => {
  const rows = await rewrittenPairs(cases(16, 48));
  assert.deepEqual(new Set(rows.map(({ direction }) => direction)), new Set(['solvability', 'difficulty']));
  const harder = rows.filter(({ direction }) => direction === 'difficulty');
  const sound = harder.filter((row) => row.isChosenSound);
  assert.ok(sound.length > harder.length / 2, `${sound.length} of ${harder.length} are sound`);
});

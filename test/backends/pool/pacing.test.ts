import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createPacing } from '../../../src/backends/pool/pacing.js';

describe('createPacing', () => {
  it('spaces what is spent by its cost, from the first on', () => {
    const pacing = createPacing();
    assert.equal(pacing.dueMs, -Infinity);
    pacing.spend(1_000, 5_000);
    assert.equal(pacing.dueMs, 6_000);
    pacing.spend(500, 6_000);
    assert.equal(pacing.dueMs, 6_500);
  });

  it('catches up what is a little late, and saves nothing up in a pause', () => {
    const pacing = createPacing();
    pacing.spend(1_000, 0);
    pacing.spend(1_000, 1_080);
    assert.equal(pacing.dueMs, 2_000);
    pacing.spend(1_000, 9_000);
    assert.equal(pacing.dueMs, 10_000);
  });

  it('takes what was too much for later ones, but no more than some seconds', () => {
    const pacing = createPacing();
    pacing.spend(2_000, 0);
    pacing.correct(-1_500);
    assert.equal(pacing.dueMs, 2_000);
    pacing.spend(2_000, 2_000);
    assert.equal(pacing.dueMs, 2_500);
    pacing.correct(300);
    assert.equal(pacing.dueMs, 2_800);
    pacing.correct(-1e9);
    pacing.spend(6_000, 2_800);
    assert.equal(pacing.dueMs, 3_800);
  });
});

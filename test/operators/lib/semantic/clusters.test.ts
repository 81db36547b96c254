import assert from 'node:assert/strict';
import { test } from 'node:test';
import { foldClusters } from '../../../../src/operators/lib/semantic/clusters.js';
import { foldFigures } from '../../../helpers/runs/foldFigures.js';

test('clusters are counted by their sizes; a question without a near one is none', () => {
  // Of the questions 0 to 3, 1 has one near it, 2 has three, 3 has eleven.
  const passed = Buffer.of(1);
  const deltas = [passed, passed, 1, passed, 2, 2, passed, 2, ...Array.from({ length: 11 }, () => 3)];
  assert.deepEqual(foldFigures(foldClusters(), deltas), {
    ...{ questions: 19, passed: 4, clusters: 3, largest: 12 },
    ...{ of2: 1, of3To5: 1, of11To100: 1 },
  });
});

test('no rows, and more than fit into the first table', () => {
  assert.deepEqual(foldFigures(foldClusters(), []), { questions: 0, passed: 0, clusters: 0, largest: 0 });
  const many = [
    ...Array.from({ length: 3000 }, () => Buffer.of(1)),
    ...Array.from({ length: 101 }, () => 2999),
  ];
  const figures = foldFigures(foldClusters(), many);
  assert.deepEqual(figures, { questions: 3101, passed: 3000, clusters: 1, largest: 102, ofOver100: 1 });
});

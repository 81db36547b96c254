import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { binAt, edgesOf, histogramOf, niceStep } from '../../../../src/run/report/page/bins.js';

test('steps are round', () => {
  assert.deepEqual([0.03, 0.011, 7, 23, 1].map(niceStep), [0.05, 0.02, 10, 25, 1]);
});

test('each value lies in its bin, and each is counted once', () => {
  const values = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 50 });
  fc.assert(
    fc.property(values, (all) => {
      const { edges } = edgesOf(all)!;
      assert.ok(edges.length >= 2 && edges.length < 100, String(edges.length));
      for (let at = 1; at < edges.length; at++) assert.ok(edges[at]! > edges[at - 1]!);
      for (const value of all) {
        const bin = binAt(value, edges);
        if (bin > 0) assert.ok(value >= edges[bin]!);
        if (bin < edges.length - 2) assert.ok(value < edges[bin + 1]!);
      }
      const counts = histogramOf('x', all)!.series[0]!.counts;
      assert.equal(
        counts.reduce((a, b) => a + b),
        all.length,
      );
    }),
  );
});

test('one far value does not squeeze the others into one bar', () => {
  const values = [...Array.from({ length: 999 }, (_, at) => at % 100), 1e9];
  const { edges, isCut } = edgesOf(values)!;
  assert.ok(isCut && edges.at(-1)! <= 105, String(edges.at(-1)));
  assert.match(histogramOf('characters', values)!.label, /and more/);
});

test('nothing, or no number, is no histogram', () => {
  assert.equal(histogramOf('x', []), null);
  assert.equal(histogramOf('x', [NaN, Infinity]), null);
  assert.deepEqual(edgesOf([3, 3])!.edges, [2.85, 3.15]);
});

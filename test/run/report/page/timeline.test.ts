import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeFiles } from '../../../../src/io/files/files.js';
import { sealJson } from '../../../../src/io/files/seal.js';
import { readTimeline, timelineOf } from '../../../../src/run/report/page/timeline.js';
import { testFolder } from '../../../helpers/files/testFolder.js';

function log(...lines: [second: number, event: object][]): string {
  return lines
    .map(
      ([second, event]) =>
        `${sealJson(JSON.stringify({ at: new Date(1e12 + 1000 * second).toISOString(), ...event }))}\n`,
    )
    .join('');
}

const measured = (completionTokens: number, inFlight: number, replicas: object[] = []): object => ({
  event: 'measured',
  models: {
    tiny: { completionTokens, promptTokens: 0, requests: completionTokens, inFlight, queued: 0, replicas },
  },
});

test('rates follow from totals, the pause between two starts is left out, and leaves a gap', () => {
  const text = log(
    [0, { event: 'started' }],
    [10, measured(100, 4)],
    [20, measured(300, 8)],
    [20, { event: 'committed', kept: 5 }],
    [5000, { event: 'started' }],
    [5010, measured(50, 2)],
    [5020, measured(150, 2)],
    [5020, { event: 'committed', kept: 9 }],
  );
  const { lines, starts } = timelineOf(text);
  assert.equal(starts, 2);
  const byLabel = new Map(lines.map(({ label, series }) => [label, series]));
  assert.deepEqual(byLabel.get('rows kept')![0]!.points, [
    [0, 0],
    [20, 5],
    [40, 9],
  ]);
  assert.deepEqual(byLabel.get('requests in flight')![0]!.points, [
    [10, 4],
    [20, 8],
    [20, null],
    [30, 2],
    [40, 2],
  ]);
  assert.deepEqual(byLabel.get('tokens out / s')![0]!.points, [
    [20, 20],
    [20, null],
    [30, null],
    [40, 10],
  ]);
  // Nothing waited, no token went in: no chart of nothing.
  assert.ok(!byLabel.has('requests waiting') && !byLabel.has('tokens in / s'));
});

test('replicas have lines of their own where there are two', () => {
  const replicas = [
    { url: 'http://a', inFlight: 1 },
    { url: 'http://b', inFlight: 2 },
  ];
  const text = log(
    [0, { event: 'started' }],
    [1, measured(1, 3, replicas)],
    [2, measured(2, 3, replicas)],
    [3, { event: 'committed', kept: 1 }],
  );
  const inFlight = timelineOf(text).lines.find(({ label }) => label === 'requests in flight')!;
  assert.deepEqual(
    inFlight.series.map(({ name }) => name),
    ['tiny', 'tiny http://a', 'tiny http://b'],
  );
});

test('what comes behind the last commit does not count: a report is the same while the run ends and later', () => {
  const text = log(
    [0, { event: 'started' }],
    [1, measured(1, 1)],
    [2, measured(5, 1)],
    [3, { event: 'committed', kept: 1 }],
  );
  const more = log([4, measured(9, 1)], [5, { event: 'finished', rowsIn: 1 }]);
  assert.deepEqual(timelineOf(text + more), timelineOf(text));
});

test('broken lines, and a log that is not there, say nothing', async (t) => {
  const text = log([0, { event: 'started' }], [1, { event: 'committed', kept: 3 }]);
  assert.deepEqual(timelineOf(`{"event":\n${text}\0\0\n{"at":3}`).starts, 1);
  assert.deepEqual(timelineOf(''), { lines: [], starts: 0 });
  assert.deepEqual(await readTimeline(nodeFiles, await testFolder(t)), { lines: [], starts: 0 });
});

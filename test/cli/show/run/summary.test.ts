import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { printSummary } from '../../../../src/cli/show/run/summary.js';
import { planPipeline } from '../../../../src/run/plan/planPipeline.js';
import type { Performance, Report } from '../../../../src/run/report/report.js';
import { smallPipeline } from '../../../helpers/runs/smallPipeline.js';

const REPORT: Report = {
  ...{ name: 'small', identity: 'x', seed: 7, rowsIn: 5, rowsKept: 4, figures: {} },
  funnel: [
    {
      step: 'deduplicate',
      rowsIn: 5,
      made: 0,
      kept: 4,
      dropped: { duplicate: 1 },
      rejected: {},
      leftOut: {},
    },
  ],
};
const PERFORMANCE: Performance = {
  from: 2,
  wallS: 1.25,
  cpuS: 2,
  memoryPeakBytes: 2 ** 20,
  eventLoop: { medianMs: 1, p99Ms: 2, maxMs: 3 },
  replayedRows: 3,
  models: {},
  total: { starts: 1, wallS: 1, models: {} },
};

async function printed(t: TestContext, reported: object, set: Record<string, unknown> = {}): Promise<string> {
  const plan = await planPipeline(smallPipeline().file, { set });
  let text = '';
  t.mock.method(process.stdout, 'write', (chunk: string) => Boolean((text += chunk)));
  const sample = [{ seq: 0, question: 'Why?' }];
  printSummary(
    plan,
    { event: 'reported', report: REPORT, performance: PERFORMANCE, sample, ...reported },
    'out',
  );
  t.mock.restoreAll();
  return text;
}

test('the funnel, what it took, a row, and where everything is', async (t) => {
  const text = await printed(t, {});
  assert.match(text, /deduplicate +5 +4 +80\.0 % +duplicate 1/);
  assert.match(text, /^4 rows kept of 5 in 1\.3 s, from row 2 on\nmemory +1 MiB at most$/m);
  assert.match(text, /--- row 1 of the set\nquestion: Why\?\n/);
  assert.match(text, /data set +out\/shards/);
});

test('a run that was complete, one without rows, and one short of its target say so', async (t) => {
  assert.match(await printed(t, { performance: null }), /4 rows kept of 5; the run was complete/);
  const none = { ...REPORT, rowsIn: 0, rowsKept: 0 };
  assert.match(await printed(t, { report: none, sample: [] }), /The source has no row/);
  const lost = { ...REPORT, rowsKept: 0 };
  assert.match(await printed(t, { report: lost, sample: [] }), /No row was kept/);
  assert.match(
    await printed(t, {}, { target: 9 }),
    /The target of 9 rows was not reached.*Give it more rows/,
  );
  assert.match(await printed(t, {}, { target: 9, limit: 20 }), /Raise `limit`/);
});

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { whatIf } from '../../../../src/page/report/whatIf.js';
import { pageParts, reportedRun, runAgain, scoredRows } from '../../../helpers/runs/reportedRun.js';

/** The places of the sliders for settings as they are typed. */
function placesOf(
  { controls }: NonNullable<ReturnType<typeof pageParts>['data']['whatIf']>,
  sets: Record<string, number>,
): number[] {
  return controls.map(({ step, option, grid, at }) => {
    const value = sets[`${step}.${option}`];
    if (value === undefined) return at;
    const place = grid.indexOf(value);
    assert.ok(place >= 0, `${step}.${option}=${value}`);
    return place;
  });
}

test('where the page says exactly, a run with what it prints keeps just so many rows', async () => {
  const made = await reportedRun(scoredRows(600));
  const { data, rows } = pageParts(made.run);
  const tried: Record<string, number>[] = [
    { 'sampleDifficulty.min': 0.5 },
    { 'sampleDifficulty.max': 0.6 },
    { 'sampleDifficulty.min': 0.4, 'sampleDifficulty.max': 0.7, 'keepBest.rewardMin': 0.8 },
    { 'keepBest.rewardMin': 0.9 },
    { 'keepBest.rewardMin': 0.3 },
    { 'sampleDifficulty.min': 0.1 },
    { 'sampleDifficulty.min': 0.1, 'keepBest.rewardMin': 0.3 },
    { 'deduplicate.similarityMin': 0.9 },
  ];
  const exact: boolean[] = [];
  for (const [at, sets] of tried.entries()) {
    const found = whatIf(data.whatIf!, rows!, placesOf(data.whatIf!, sets));
    assert.deepEqual(
      found.sets,
      Object.entries(sets).map(([key, value]) => `steps.${key}=${value}`),
    );
    const kept = await runAgain({ file: made.file, run: join(made.folder, `again-${at}`) }, found.sets);
    exact.push(found.isExact);
    if (found.isExact) assert.equal(found.kept, kept, found.sets.join(' '));
    // An estimate is near, too.
    else
      assert.ok(
        Math.abs(found.kept - kept) <= 0.1 * kept,
        `${found.sets.join(' ')}: about ${found.kept}, ${kept}`,
      );
  }
  assert.deepEqual(exact, [true, true, true, true, true, false, false, false]);
});

test('with a target the limit that is printed keeps just so many rows', async () => {
  const made = await reportedRun(scoredRows(600), ['target: 80']);
  const { data, rows } = pageParts(made.run);
  assert.ok(data.whatIf!.isLimitNeeded);
  for (const [at, value] of [0.7, 0.3].entries()) {
    const found = whatIf(data.whatIf!, rows!, placesOf(data.whatIf!, { 'keepBest.rewardMin': value }));
    assert.equal(found.isExact, true);
    const sets = [...found.sets, `limit=${data.whatIf!.positions}`];
    assert.equal(
      await runAgain({ file: made.file, run: join(made.folder, `again-${at}`) }, sets),
      found.kept,
    );
  }
});

test('the report has what the run has: its funnel with reasons, histograms, density, clusters', async () => {
  const { data, examples } = pageParts((await reportedRun(scoredRows(300))).run);
  assert.deepEqual(
    data.funnel.map(({ step }) => step),
    ['deduplicate', 'sampleDifficulty', 'keepBest'],
  );
  assert.match(data.funnel[1]!.lost[0]!.meaning!, /difficulty is below min/);
  const labels = data.histograms.map(({ label }) => label);
  for (const label of ['difficulty', 'reward', 'rewards, of all samples', 'characters of question'])
    assert.ok(labels.includes(label), label);
  assert.equal(
    data.density!.counts.reduce((a, b) => a + b),
    data.rowsKept,
  );
  assert.ok(data.clusters.length > 3 && data.sample.isWhole);
  assert.equal(examples.filter(({ lost }) => !lost).length, Math.min(200, data.rowsKept));
});

test('no row kept, and no row at all', async () => {
  const none = pageParts((await reportedRun(scoredRows(20), [], '\n  - sampleDifficulty: { min: 5 }')).run);
  assert.equal(none.data.rowsKept, 0);
  assert.deepEqual(none.data.histograms, []);
  assert.ok(none.examples.length === 20 && none.data.whatIf);
  const empty = pageParts((await reportedRun([])).run);
  assert.deepEqual([empty.data.rowsIn, empty.examples, empty.data.whatIf], [0, [], null]);
});

test('a column that `sample` draws is counted by value, and not by its characters', async () => {
  const drawn = '\n  - sample: { columns: { level: { list: [easy, hard], weights: [3, 1] } } }';
  const { data } = pageParts((await reportedRun(scoredRows(300), [], drawn)).run);
  const level = data.values.find(({ label }) => label === 'level')!;
  assert.deepEqual(
    level.counts.map(({ value }) => value),
    ['easy', 'hard'],
  );
  assert.equal(
    level.counts.reduce((sum, { rows }) => sum + rows, 0),
    data.rowsKept,
  );
  const labels = data.histograms.map(({ label }) => label);
  assert.ok(!labels.includes('characters of level') && labels.includes('characters of question'));
});

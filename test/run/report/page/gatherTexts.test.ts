import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { nodeFiles } from '../../../../src/io/files/files.js';
import { readManifest } from '../../../../src/io/runFolder/manifest.js';
import { agreementOf, gatherTexts } from '../../../../src/run/report/page/gatherTexts.js';
import { reportedRun, scoredRows } from '../../../helpers/runs/reportedRun.js';

test('how far samples agree', () => {
  assert.equal(agreementOf(['\\boxed{1}', '\\boxed{1}', '\\boxed{2}', 'no']), 0.5);
  assert.equal(agreementOf(['\\boxed{1}']), null);
  assert.equal(agreementOf(['no', 'nothing']), null);
  assert.equal(agreementOf(null), null);
});

test('texts of bounded length, examples of each reason, clusters and similarities in one reading', async () => {
  const rows = scoredRows(160);
  rows[5] = {
    ...rows[5]!,
    question: `long ${'word '.repeat(2000)}`,
    difficulty: 0.5,
    rewards: [0.9, 0.9, 0.9],
  };
  const { run } = await reportedRun(rows);
  const { commits } = await readManifest(nodeFiles, join(run, 'manifest.jsonl'));
  const columns = [
    { name: 'question', type: 'string' as const, help: '' },
    { name: 'responses', type: 'list<string>' as const, help: '' },
  ];
  const found = await gatherTexts(nodeFiles, {
    ...{ folder: run, commits, columns, hasSeq: true, seed: 1, keptMax: 200, lostMax: 3 },
    near: {
      similarityMin: 0.8,
      ignoreNumbers: false,
      step: 'deduplicate',
      stepsBehind: new Set(['sampleDifficulty', 'keepBest']),
    },
  });
  assert.equal(found.rows, 160);
  assert.deepEqual(found.values, []);
  assert.equal(found.lengths.get('question')!.length, found.similarities.length);
  assert.ok(found.agreements.every((share) => Math.abs(share - 2 / 3) < 1e-9));
  assert.equal(found.clusters.length, 4);
  const groups = new Map<string, number>();
  for (const { lost } of found.examples)
    groups.set(lost?.reason ?? 'kept', (groups.get(lost?.reason ?? 'kept') ?? 0) + 1);
  assert.deepEqual([...groups.keys()].sort(), ['kept', 'lowReward', 'nearDuplicate', 'tooEasy', 'tooHard']);
  for (const [group, count] of groups) if (group !== 'kept') assert.equal(count, 3, group);
  const long = found.examples.find(({ seq }) => seq === 5)!.fields[0]![1];
  assert.match(long, /… \(10005 characters\)$/);
  assert.ok(long.length < 3100);
});

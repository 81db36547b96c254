import assert from 'node:assert/strict';
import { test } from 'node:test';
import { funnelOf, printFunnel, printTable, reportOf } from '../../../src/run/report/report.js';
import { QUICKSTART, checkText } from '../../helpers/runs/pipelineWorld.js';
import { readTextFile } from '../../../src/io/files/textFile.js';

const LOST = {
  'generate rejected ROW_LENGTH': 3,
  'near dropped duplicate': 9,
  'dedup dropped duplicate': 2,
  'dedup dropped nearDuplicate': 5,
  'mine dropped too short': 4,
  'mine dropped too long': 1,
  'mine leftOut ROW_LENGTH': 6,
};

test('funnel: what one step keeps is what the next is given, and what is lost stands with its reason', () => {
  const funnel = funnelOf(['generate', 'dedup', 'mine', 'last'], { positions: 40, counts: LOST });
  assert.deepEqual(funnel, [
    {
      step: 'generate',
      rowsIn: 40,
      made: 0,
      kept: 37,
      dropped: {},
      rejected: { ROW_LENGTH: 3 },
      leftOut: {},
    },
    {
      step: 'dedup',
      rowsIn: 37,
      made: 0,
      kept: 30,
      dropped: { duplicate: 2, nearDuplicate: 5 },
      rejected: {},
      leftOut: {},
    },
    {
      step: 'mine',
      rowsIn: 30,
      made: 0,
      kept: 25,
      dropped: { 'too short': 4, 'too long': 1 },
      rejected: {},
      leftOut: { ROW_LENGTH: 6 },
    },
    { step: 'last', rowsIn: 25, made: 0, kept: 25, dropped: {}, rejected: {}, leftOut: {} },
  ]);
});

test('funnel: a printed one has a line a step, shares, and every reason with its count', () => {
  const counts = { ...LOST, 'dedup leftOut ROW_EMPTY': 2 };
  const funnel = funnelOf(['generate', 'dedup'], { positions: 40, counts });
  assert.equal(
    printFunnel(funnel),
    [
      'step      rows in  kept   share  lost to',
      'generate       40    37  92.5 %  ROW_LENGTH 3',
      'dedup          37    30  81.1 %  duplicate 2, nearDuplicate 5, choices ROW_EMPTY 2',
    ].join('\n'),
  );
  assert.match(printFunnel(funnelOf(['generate'], { positions: 0, counts: {} })), /generate +0 +0 +–/);
});

test('table: texts to the left, numbers to the right, no spaces at the end', () => {
  assert.equal(
    printTable(
      ['name', 'rows'],
      [
        ['a', '5'],
        ['long name', '1,000'],
      ],
    ),
    'name        rows\na              5\nlong name  1,000',
  );
  assert.equal(printTable(['a', 'b'], []), 'a  b');
});

test('report: the plan, the sums and what was measured', async () => {
  const plan = await checkText(readTextFile(QUICKSTART));
  const totals = { positions: 10, kept: 7, counts: { 'deduplicate dropped duplicate': 3 } };
  const { funnel, ...report } = reportOf(plan, totals, (found) => ({
    score: { lost: found[1]!.dropped['duplicate']! },
  }));
  assert.deepEqual(report, {
    name: 'quickstart',
    identity: plan.identity,
    seed: 7,
    rowsIn: 10,
    rowsKept: 7,
    figures: { score: { lost: 3 } },
  });
  assert.deepEqual(funnel.map(({ step, kept }) => `${step} ${kept}`).slice(0, 3), [
    'generate 10',
    'deduplicate 7',
    'filterLanguage 7',
  ]);
});

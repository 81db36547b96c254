import assert from 'node:assert/strict';
import { test } from 'node:test';
import { trainingSchema } from '../../src/train/schema.js';
import { unmetConditions } from '../../src/train/when.js';

const REPORT = {
  rowsIn: 200,
  rowsKept: 50,
  rewardMean: 0.625,
  figures: { decontaminate: { gsm8k: { cleanShare: 0.98 }, 'a.b': { rows: 3 } }, keepBest: { kept: 5 } },
};

const CASES: [when: object, unmet: string[]][] = [
  [{}, []],
  [{ rowsMin: 50 }, []],
  [{ rowsMin: 51 }, ['rowsMin: rows kept 50, expected at least 51']],
  [{ keptShareMin: 0.25, rewardMeanMin: 0.625 }, []],
  [{ keptShareMin: 0.26 }, ['keptShareMin: share kept 0.2500, expected at least 0.26']],
  [{ rewardMeanMin: 0.63 }, ['rewardMeanMin: mean reward 0.6250, expected at least 0.63']],
  [{ figuresMin: { 'decontaminate.gsm8k.cleanShare': 0.98, 'decontaminate.a.b.rows': 3 } }, []],
  [
    { figuresMin: { 'decontaminate.gsm8k.cleanShare': 0.99 }, figuresMax: { 'keepBest.kept': 4 } },
    [
      'figuresMin: decontaminate.gsm8k.cleanShare 0.9800, expected at least 0.99',
      'figuresMax: keepBest.kept 5, expected at most 4',
    ],
  ],
  [
    { figuresMax: { 'decontaminate.gsm8k': 1 } },
    ['figuresMax: decontaminate.gsm8k is not in the report, expected at most 1'],
  ],
];

for (const [when, unmet] of CASES) {
  test(`${JSON.stringify(when)}: ${unmet.length === 0 ? 'launch' : 'no launch'}`, () => {
    const parsed = trainingSchema.parse({ command: ['x'], when });
    assert.deepEqual(unmetConditions(parsed.when, REPORT), unmet);
  });
}

test('no reward, no rows and NaN hold for no bound', () => {
  const { when } = trainingSchema.parse({ command: ['x'], when: { rewardMeanMin: -9, keptShareMin: 0.1 } });
  const nothing = { rowsIn: 0, rowsKept: 0, figures: {} };
  assert.equal(unmetConditions(when, { ...nothing, rewardMean: null }).length, 3);
  assert.equal(unmetConditions(when, { ...REPORT, rewardMean: NaN }).length, 1);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  controlOf,
  gridOf,
  numberIn,
  thresholdsOf,
  whyNeverExact,
} from '../../../../src/run/report/page/controls.js';
import { OPERATORS } from '../../../helpers/operators.js';
import { checkText } from '../../../helpers/runs/pipelineWorld.js';

const TEXT = `name: a
source:
  jsonl:
    path: in.jsonl
    columns: { question: string, difficulty: float64, responses: list<string>, rewards: list<float64> }
steps:
  - sampleDifficulty: { min: 0.2 }
  - deduplicate: {}
  - keepBest: { rewardMin: 0.5 }
`;

test('the last number of a message, and how exactly it is known', () => {
  assert.deepEqual(numberIn('difficulty 0.1234'), { value: 0.1234, half: 0.00005 });
  assert.deepEqual(numberIn('best reward -12'), { value: -12, half: 0.5 });
  assert.deepEqual(numberIn('P(Yes) 0.5000'), { value: 0.5, half: 0.00005 });
  for (const message of ['', 'the reply ends with No', 'version1', 'difficulty NaN'])
    assert.equal(numberIn(message), null);
});

test('each declared threshold names an option, a reason and a column of its operator', () => {
  const inputs: Record<string, unknown> = {
    sampleDifficulty: { min: 0.1, max: 0.9 },
    keepBest: { rewardMin: 0.5 },
    judgeSolvability: { model: 'm', method: 'probability' },
    deduplicate: { similarityMin: 0.7 },
    filterText: { charsMin: 20, wordsMax: 120, charsColumn: 'chars' },
    judge: {
      model: 'm',
      columns: ['question'],
      criteria: [{ name: 'clarity', description: 'How clear it is.', scale: [1, 5], min: 3 }],
    },
  };
  const declaring = OPERATORS.filter(({ thresholds }) => thresholds);
  assert.deepEqual(declaring.map(({ name }) => name).sort(), Object.keys(inputs).sort());
  for (const spec of declaring) {
    const parsed = spec.options.parse(inputs[spec.name]) as Record<string, unknown>;
    const columns = [...Object.keys(spec.reads(parsed)), ...spec.writes(parsed).map(({ name }) => name)];
    const thresholds = spec.thresholds!(parsed);
    assert.ok(thresholds.length > 0);
    for (const { option, value, drops, column } of thresholds) {
      const given = option
        .split('.')
        .reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], parsed);
      assert.equal(given ?? null, value, `${spec.name}.${option}`);
      assert.ok(Object.hasOwn({ ...spec.drops, ...spec.dropsBy?.(parsed) }, drops));
      assert.ok(column === null || columns.includes(column));
    }
  }
});

test('a grid is round, holds the value that applies, and bounds itself', () => {
  const grid = gridOf({ value: 0.123, range: [null, null] }, [0, 1]);
  assert.ok(grid.includes(0.123) && grid.includes(0.5) && grid.includes(0) && grid.includes(1), String(grid));
  assert.deepEqual(
    grid,
    grid.toSorted((a, b) => a - b),
  );
  assert.deepEqual(gridOf({ value: null, range: [null, null] }, []), []);
  for (const numbers of [
    [-1e9, 1e9],
    [0, 1e-9],
    [5, 5],
    [NaN, 3],
  ])
    assert.ok(gridOf({ value: 1, range: [null, null] }, numbers).length <= 240);
  assert.deepEqual(
    gridOf({ value: 0.8, range: [0.6, 1] }, []).filter((each) => each < 0.6 || each > 1),
    [],
  );
});

test('whole numbers have a grid of whole numbers, where all of them are whole', () => {
  const scores = { value: 3, range: [1, 5] as const, isWhole: true };
  assert.deepEqual(gridOf(scores, [1, 4, NaN]), [1, 2, 3, 4, 5]);
  assert.ok(gridOf(scores, [1, 4.5]).includes(4.5));
  assert.ok(gridOf({ ...scores, isWhole: false }, [1, 4]).includes(4.5));
});

test('what is exact follows from the steps behind', async () => {
  const plan = await checkText(TEXT);
  const [min, , similarity, reward] = thresholdsOf(plan);
  assert.equal(thresholdsOf(plan).length, 4);
  const given = { steps: plan.steps, funnel: [], grid: [0.2, 0.5], hasKeptValues: true };
  const exactness = (threshold: typeof min) => {
    const { isTighteningExact, isLooseningExact, isAlwaysAbout } = controlOf(threshold!, given);
    return { isTighteningExact, isLooseningExact, isAlwaysAbout };
  };
  // Behind it rows are compared with each other.
  assert.deepEqual(exactness(min), {
    isTighteningExact: false,
    isLooseningExact: false,
    isAlwaysAbout: false,
  });
  assert.deepEqual(exactness(similarity), {
    isTighteningExact: false,
    isLooseningExact: false,
    isAlwaysAbout: true,
  });
  assert.deepEqual(exactness(reward), {
    isTighteningExact: true,
    isLooseningExact: true,
    isAlwaysAbout: false,
  });
});

test('a column that a later step writes anew tells nothing', async () => {
  const plan = await checkText(TEXT.replace('  - deduplicate: {}', '  - { keepBest: {}, label: first }'));
  const rewards = thresholdsOf(plan).filter(({ option }) => option === 'rewardMin');
  assert.deepEqual(
    rewards.map(({ isColumnKept }) => isColumnKept),
    [false, true],
  );
});

test('errors that another run may not have make no count exact', async () => {
  const plan = await checkText(TEXT);
  const step = { step: 'keepBest', rowsIn: 3, made: 0, kept: 2, dropped: {}, rejected: {}, leftOut: {} };
  assert.equal(whyNeverExact(plan, [step]), null);
  assert.equal(whyNeverExact(plan, [{ ...step, rejected: { ROW_UNCLEAR: 1 } }]), null);
  assert.match(whyNeverExact(plan, [{ ...step, rejected: { ROW_SERVER_ERROR: 1 } }])!, /Errors rejected/);
  assert.match(whyNeverExact(plan, [{ ...step, leftOut: { ROW_LENGTH: 1 } }])!, /Errors rejected/);
  assert.match(whyNeverExact(plan, [{ ...step, step: 'target' }])!, /target/);
});

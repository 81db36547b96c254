import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RowEvent } from '../../../src/flow/rowEvents.js';
import {
  type StepResult,
  hasStepResult,
  lastingResults,
  withStepResult,
} from '../../../src/flow/stepResults/stepResult.js';

function resultOf(...events: RowEvent[]): StepResult {
  return { rowsIn: 1, from: events.length > 0 ? [] : [0], written: null, events };
}

function rejected(reason: string): RowEvent {
  return {
    kind: 'rejected',
    seq: 0,
    seqIndex: 0,
    step: 's',
    reason,
    message: '',
    question: null,
    reply: null,
  };
}

test('results of consecutive steps are gathered in their order; a gap ends them', () => {
  const first = resultOf();
  const second = resultOf();
  const results = withStepResult(undefined, 0, first);
  assert.deepEqual(results, [first]);
  assert.deepEqual(withStepResult(results, 1, second), [first, second]);
  assert.deepEqual(withStepResult(results, 2, second), [first]);
  assert.equal(withStepResult(undefined, undefined, first), undefined);
});

test('a result lasts, whatever became of its rows, unless the step says that it or one before may differ another time', () => {
  const leftOut: RowEvent = { kind: 'leftOut', seq: 0, step: 's', reason: 'unanswered', choices: 1 };
  const result = resultOf(rejected('ROW_SCORE_INVALID'), rejected('ROW_SERVER_ERROR'), leftOut);
  const both = withStepResult(withStepResult(undefined, 0, result), 1, resultOf())!;
  assert.deepEqual(both, [result, resultOf()]);
  assert.equal(lastingResults(both), both);
  const differing = withStepResult(withStepResult([result], 1, resultOf(), true), 2, resultOf())!;
  assert.equal(differing.length, 3);
  assert.deepEqual(lastingResults(differing), [result]);
  assert.deepEqual(lastingResults(withStepResult(undefined, 0, result, true)!), []);
});

test('a step has nothing to do where its result is there already', () => {
  const results = [resultOf()];
  assert.equal(hasStepResult(results, 0), true);
  assert.equal(hasStepResult(results, 1), false);
  assert.equal(hasStepResult(undefined, 0), false);
  assert.equal(hasStepResult(results, undefined), false);
});

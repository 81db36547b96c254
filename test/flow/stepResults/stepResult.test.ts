import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ERROR_CODES } from '../../../src/errors.js';
import type { RowEvent } from '../../../src/flow/rowEvents.js';
import { type StepResult, hasStepResult, withStepResult } from '../../../src/flow/stepResults/stepResult.js';

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

test('a row lost to a server or to a deadline may go well another time: the result is not kept', () => {
  const lasting = Object.keys(ERROR_CODES)
    .filter((code) => code.startsWith('ROW_'))
    .filter((code) => withStepResult(undefined, 0, resultOf(rejected(code)))!.length > 0);
  assert.deepEqual(lasting, [
    ...['ROW_EMPTY', 'ROW_THOUGHT', 'ROW_LENGTH', 'ROW_REPETITION', 'ROW_FILTERED', 'ROW_TOOL_CALL'],
    ...['ROW_REASONING_ONLY', 'ROW_MARKER', 'ROW_UNCLEAR', 'ROW_VALUE_MISSING', 'ROW_LISTS_DIFFER'],
  ]);
  const leftOut = (reason: string): RowEvent => ({ kind: 'leftOut', seq: 0, step: 's', reason, choices: 1 });
  assert.equal(withStepResult(undefined, 0, resultOf(leftOut('ROW_GRADE_TIMEOUT')))!.length, 0);
  assert.equal(withStepResult(undefined, 0, resultOf(leftOut('ROW_LENGTH')))!.length, 1);
  const dropped: RowEvent = {
    ...(rejected('duplicate') as RowEvent & { kind: 'rejected' }),
    kind: 'dropped',
  };
  assert.equal(withStepResult(undefined, 0, resultOf(dropped))!.length, 1);
});

test('a step has nothing to do where its result is there already', () => {
  const results = [resultOf()];
  assert.equal(hasStepResult(results, 0), true);
  assert.equal(hasStepResult(results, 1), false);
  assert.equal(hasStepResult(undefined, 0), false);
  assert.equal(hasStepResult(results, undefined), false);
});

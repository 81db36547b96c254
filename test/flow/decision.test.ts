import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seqBatch } from '../../src/arrow/columns.js';
import { ERROR_CODES } from '../../src/errors.js';
import type { Batch, SideEntry } from '../../src/flow/batch.js';
import { type Decision, isDecided, withDecision } from '../../src/flow/decision.js';

const BATCH: Batch = { lo: 0, hi: 1, rows: seqBatch(0, 1), side: [] };

function decision(...side: SideEntry[]): Decision {
  return { rowsIn: 1, from: side.length > 0 ? [] : [0], written: null, side };
}

function rejected(reason: string): SideEntry {
  return { kind: 'rejected', seq: 0, seqIndex: 0, step: 's', reason, message: '', question: null };
}

test('decisions of neighbouring steps are gathered in their order; a gap ends them', () => {
  const first = decision();
  const second = decision();
  const decided = withDecision(BATCH, 0, first);
  assert.deepEqual(decided, [first]);
  assert.deepEqual(withDecision({ ...BATCH, decided: decided! }, 1, second), [first, second]);
  assert.deepEqual(withDecision({ ...BATCH, decided: decided! }, 2, second), [first]);
  assert.equal(withDecision(BATCH, undefined, first), undefined);
});

test('a row lost to a server or to a deadline may go well another time: its step is not kept', () => {
  const lasting = Object.keys(ERROR_CODES)
    .filter((code) => code.startsWith('ROW_'))
    .filter((code) => withDecision(BATCH, 0, decision(rejected(code)))!.length > 0);
  assert.deepEqual(lasting, [
    ...['ROW_EMPTY', 'ROW_LENGTH', 'ROW_REPETITION', 'ROW_UNCLEAR', 'ROW_VALUE_MISSING', 'ROW_LISTS_DIFFER'],
  ]);
  const leftOut = (reason: string): SideEntry => ({ kind: 'leftOut', seq: 0, step: 's', reason, choices: 1 });
  assert.equal(withDecision(BATCH, 0, decision(leftOut('ROW_GRADE_TIMEOUT')))!.length, 0);
  assert.equal(withDecision(BATCH, 0, decision(leftOut('ROW_LENGTH')))!.length, 1);
  const dropped: SideEntry = {
    ...(rejected('duplicate') as SideEntry & { kind: 'rejected' }),
    kind: 'dropped',
  };
  assert.equal(withDecision(BATCH, 0, decision(dropped))!.length, 1);
});

test('a step has nothing to decide where its decision is there already', () => {
  const decided = [decision()];
  assert.equal(isDecided({ ...BATCH, decided }, 0), true);
  assert.equal(isDecided({ ...BATCH, decided }, 1), false);
  assert.equal(isDecided(BATCH, 0), false);
  assert.equal(isDecided({ ...BATCH, decided }, undefined), false);
});

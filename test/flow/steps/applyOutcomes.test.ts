import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildRows } from '../../../src/arrow/build.js';
import { type Column, SEQ_INDEX_COLUMN } from '../../../src/arrow/columnType.js';
import { RowError } from '../../../src/errors.js';
import type { Batch } from '../../../src/flow/batch.js';
import { applyOutcomes, readRows } from '../../../src/flow/steps/applyOutcomes.js';
import {
  KEEP,
  type Outcome,
  type StepCounts,
  drop,
  keep,
  multiply,
  rejectIfIncomplete,
  rejectOrThrow,
} from '../../../src/flow/steps/outcome.js';
import type { LostRow, StateDelta } from '../../../src/flow/rowEvents.js';
import { type StepResult, lastingResults } from '../../../src/flow/stepResults/stepResult.js';
import { numberedRows, plainBatch, textBatch, valuesOf } from '../batches.js';

const CHARS: Column = { name: 'chars', type: 'int32', help: 'characters' };
const SHAPE = { step: 'step', reads: {}, writes: [CHARS] };

function apply(outcomes: readonly Outcome[], batch: Batch = plainBatch(10, 10 + outcomes.length)): Batch {
  return applyOutcomes(batch, SHAPE, outcomes);
}

test('survivors keep their order and get the written columns; the range stays', () => {
  const { lo, hi, ...batch } = apply([keep({ chars: 1 }), drop('bad'), keep({ chars: 3 })]);
  assert.deepEqual([lo, hi], [10, 13]);
  assert.deepEqual(valuesOf({ lo, hi, ...batch }, 'seq'), [10, 12]);
  assert.deepEqual(valuesOf({ lo, hi, ...batch }, 'chars'), [1, 3]);
});

test('lost rows become events with step, reason, message and question; earlier events stay before them', () => {
  const earlier: StateDelta = { kind: 'delta', seq: 10, step: 'before', value: 1 };
  const outcomes = [
    drop('bad', 'it is'),
    { kind: 'rejected', reason: 'ROW_EMPTY', message: 'nothing' } as const,
  ];
  const { events } = apply(outcomes, { ...plainBatch(10, 12), events: [earlier] });
  const common = { seqIndex: 0, step: 'step', question: null, reply: null };
  assert.deepEqual(events, [
    earlier,
    { kind: 'dropped', seq: 10, ...common, reason: 'bad', message: 'it is' },
    { kind: 'rejected', seq: 11, ...common, reason: 'ROW_EMPTY', message: 'nothing' },
  ]);
});

test('a lost row holds what the model wrote: in this step, else in the columns, up to a bound that cuts no character', () => {
  const reply = 'No 😀 way';
  const outcomes = [
    drop('bad', '', reply),
    { kind: 'rejected', reason: 'ROW_UNCLEAR', message: '', reply } as const,
    drop('other'),
  ];
  const answers: Column[] = [
    { name: 'seq', type: 'int32', help: '' },
    { name: 'responses', type: 'list<string>', help: '' },
  ];
  const rows = buildRows(
    answers,
    [
      [10, 11, 12],
      [['a'], ['b'], ['c', 'd']],
    ],
    3,
  );
  const replies = (lostReplyCharsMax?: number): unknown[] =>
    applyOutcomes({ lo: 10, hi: 13, rows, events: [] }, { ...SHAPE, lostReplyCharsMax }, outcomes).events.map(
      (event) => (event as LostRow).reply,
    );
  assert.deepEqual(replies(), [reply, reply, 'c\n---\nd']);
  assert.deepEqual(replies(5), ['No 😀', 'No 😀', 'c\n---']);
  assert.deepEqual(replies(4), ['No ', 'No ', 'c\n--']);
  assert.deepEqual(replies(0), ['', '', '']);
});

test('multiplied rows are numbered within their position, also those that came numbered; the new ones are an event', () => {
  const shape = { step: 'unnest', reads: {}, writes: [SEQ_INDEX_COLUMN] };
  const rows = numberedRows([
    [10, 0],
    [10, 1],
    [11, 0],
  ]);
  const outcomes = [multiply([{}, {}]), multiply([{}]), multiply([{}, {}, {}])];
  const batch = applyOutcomes({ lo: 10, hi: 12, rows, events: [] }, shape, outcomes);
  assert.deepEqual(valuesOf(batch, 'seq'), [10, 10, 10, 11, 11, 11]);
  assert.deepEqual(valuesOf(batch, 'seqIndex'), [0, 1, 2, 0, 1, 2]);
  assert.deepEqual(batch.events, [
    { kind: 'made', seq: 10, step: 'unnest', rows: 1 },
    { kind: 'made', seq: 11, step: 'unnest', rows: 2 },
  ]);
});

test('to make no rows of one is a fault of the operator', () => {
  assert.throws(() => apply([multiply([])]), { code: 'ERR_INVARIANT', message: /step made no rows of one/ });
});

test('replies that were left out are an event a code', () => {
  const { events } = apply([keep({ chars: 1 }, { ROW_LENGTH: 2, ROW_EMPTY: 1 })]);
  assert.deepEqual(events, [
    { kind: 'leftOut', seq: 10, step: 'step', reason: 'ROW_LENGTH', choices: 2 },
    { kind: 'leftOut', seq: 10, step: 'step', reason: 'ROW_EMPTY', choices: 1 },
  ]);
});

test('counts are told once a batch', () => {
  const counted: StepCounts[] = [];
  const shape = { ...SHAPE, onCounts: (counts: StepCounts) => counted.push(counts) };
  const rejected = { kind: 'rejected', reason: 'ROW_EMPTY', message: '' } as const;
  applyOutcomes(plainBatch(0, 4), shape, [keep({ chars: 1 }), drop('bad'), drop('bad'), rejected]);
  assert.deepEqual(counted, [{ rowsIn: 4, kept: 1, dropped: 2, rejected: 1 }]);
});

test('a step result is kept where the step has an index, and lasts unless an outcome may differ another time', () => {
  const shape = { ...SHAPE, at: 0 };
  const batch = applyOutcomes(plainBatch(0, 3), shape, [drop('bad'), keep({ chars: 1 }), keep({ chars: 2 })]);
  const [result] = batch.stepResults!;
  assert.deepEqual([result!.rowsIn, result!.from, result!.events], [3, [1, 2], batch.events]);
  assert.equal(result!.written!.numRows, 2);
  const differing: Outcome = { kind: 'keep', values: { chars: 1 }, mayDiffer: true };
  const lastingOf = (outcomes: Outcome[]): readonly StepResult[] =>
    lastingResults(applyOutcomes(plainBatch(0, outcomes.length), shape, outcomes).stepResults!);
  assert.deepEqual(lastingOf([differing]), []);
  const failed = rejectOrThrow(new RowError('ROW_SERVER_ERROR', 'failed', { mayDiffer: true }));
  assert.deepEqual(lastingOf([failed]), []);
  const refused = rejectOrThrow(new RowError('ROW_PROMPT_TOO_LONG', 'too long'));
  const lasting = [refused, keep({ chars: 1 }, { unanswered: 2 }), drop('bad')];
  assert.equal(lastingOf(lasting).length, 1);
  assert.equal(apply([keep({ chars: 1 })]).stepResults, undefined);
});

test('a row has its identity and the columns that are read, and no others', () => {
  const shape = { ...SHAPE, reads: { text: 'string' } as const };
  assert.deepEqual(readRows(textBatch(5, ['a']), shape), [{ seq: 5, seqIndex: 0, text: 'a' }]);
  assert.deepEqual(readRows(textBatch(5, ['a']), SHAPE), [{ seq: 5, seqIndex: 0 }]);
});

test('a row without a value that is read is rejected, unless the step can do without it', () => {
  const shape = { ...SHAPE, reads: { text: 'string' } as const };
  const [row, lacking] = readRows(textBatch(0, ['a', null]), shape);
  assert.equal(rejectIfIncomplete(row!, shape), null);
  assert.deepEqual(rejectIfIncomplete(lacking!, shape), {
    ...{ kind: 'rejected', reason: 'ROW_VALUE_MISSING' },
    message: 'the row has no value in its column "text"',
  });
  assert.equal(rejectIfIncomplete(lacking!, { ...shape, mayLack: ['text'] }), null);
});

test('a RowError is its row’s outcome; any other error goes on up', () => {
  const rejected = { kind: 'rejected', reason: 'ROW_EMPTY', message: 'nothing' };
  assert.deepEqual(rejectOrThrow(new RowError('ROW_EMPTY', 'nothing')), rejected);
  assert.throws(() => rejectOrThrow(new Error('mine')), /mine/);
});

test('a kept row without values gets null in the written columns', () => {
  const nullable = { ...SHAPE, writes: [{ ...CHARS, nullable: true }] };
  assert.deepEqual(valuesOf(applyOutcomes(plainBatch(0, 1), nullable, [KEEP]), 'chars'), [null]);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RowError } from '../../../../src/errors.js';
import { compileStructured, formOfColumns } from '../../../../src/operators/lib/structured/jsonColumns.js';
import { completeForm, readForm } from '../../../../src/operators/lib/structured/replyForm.js';
import { scriptedModel } from '../../../helpers/scriptedModel.js';

const SCHEMA = {
  type: 'object',
  properties: {
    score: { type: 'integer', maximum: 5, description: 'how good it is' },
    reason: { type: 'string' },
  },
  required: ['score'],
};
const FORM = formOfColumns(compileStructured(SCHEMA));
const ASK = {
  seq: 0,
  message: { kind: 'user', text: 'Judge.' },
  n: 1,
  tokensMax: 64,
  temperature: 0,
  topP: 1,
  seed: 4294967295,
} as const;

test('the first object that fits counts; a fault is that of the first object', () => {
  const reply = 'As {"score": 9} is too much: {"score": 4, "reason": "\\frac12"}';
  assert.deepEqual(readForm(reply, FORM), { score: 4n, reason: '\\frac12' });
  assert.deepEqual(readForm('{"score": 4, "reason": "\\\\ud83d"}', FORM), { score: 4n, reason: '\\ud83d' });
  const pair = '{"score": 4, "reason": "\\ud83d\\ude00"}';
  assert.deepEqual(readForm(pair, FORM), { score: 4n, reason: '😀' });
  for (const [bad, message] of [
    ['{"score": 9} {"scores": 1}', /score must be <= 5/],
    ['no object', /found no JSON object in the reply/],
    ['{"score": 4, "reason": "\\ud83d"}', /half a surrogate pair/],
  ] as const) {
    assert.throws(
      () => readForm(bad, FORM),
      (error) =>
        error instanceof RowError &&
        error.code === 'ROW_JSON' &&
        error.reply === bad &&
        message.test(error.message),
    );
  }
});

test('a reply of thousands of objects is none, wherever in it one fits', () => {
  const many = '{"a": 1} '.repeat(4095);
  assert.deepEqual(readForm(`${many}{"score": 4, "reason": ""}`, FORM), { score: 4n, reason: '' });
  assert.throws(() => readForm(`${many}{"a": 1} {"score": 4}`, FORM), {
    code: 'ROW_JSON',
    message: /more than 4096 JSON objects, expected one/,
  });
});

test('after the last try the row is rejected; what cannot be used at all is not asked for again', async () => {
  const wrong = scriptedModel({ complete: () => ['{"score": 9}'] });
  await assert.rejects(completeForm(wrong, ASK, FORM, 2), { code: 'ROW_JSON' });
  assert.equal(wrong.completes.length, 3);
  assert.ok(wrong.completes.every(({ seed }) => seed >= 0 && seed < 2 ** 32));
  const empty = scriptedModel({ complete: () => [''] });
  await assert.rejects(completeForm(empty, ASK, FORM, 2), { code: 'ROW_EMPTY' });
  assert.equal(empty.completes.length, 1);
});

test('a thought is no part of the reply', async () => {
  const model = scriptedModel({ complete: () => [{ text: '<think>{"score": 1}</think>{"score": 2}' }] });
  const { replies } = await completeForm(model, ASK, FORM, 0);
  assert.deepEqual(
    replies.map(({ value, thought }) => [value['score'], thought]),
    [[2n, '{"score": 1}']],
  );
});

test('of several replies those that fit count; only where none does they are asked for again', async () => {
  const some = scriptedModel({ complete: () => ['{"score": 9}', '{"score": 3}', 'no', '{"score": 5}'] });
  const found = await completeForm(some, { ...ASK, n: 4, temperature: 1 }, FORM, 2);
  assert.deepEqual(
    found.replies.map(({ value }) => value['score']),
    [3n, 5n],
  );
  assert.deepEqual(found.leftOut, { ROW_JSON: 2 });
  assert.deepEqual(
    [some.completes.length, some.completes[0]!.n, some.completes[0]!.jsonSchema],
    [1, 4, SCHEMA],
  );

  const mended = scriptedModel({
    complete: ({ message }) =>
      message.kind === 'user' && message.text.includes('score must be <= 5')
        ? ['{"score": 1}']
        : ['{"score": 7}'],
  });
  const again = await completeForm(mended, ASK, FORM, 1);
  assert.deepEqual([again.replies[0]!.value['score'], again.leftOut], [1n, { ROW_JSON: 1 }]);
});

test('where objects must agree, two that differ are none, and the last of those that agree counts', () => {
  const agreeing = {
    ...FORM,
    code: 'ROW_UNCLEAR',
    agreement: (value: object) => String(Object.values(value)[0]),
  } as const;
  assert.equal(readForm('{"score": 4} {"score": 4, "reason": "b"}', agreeing)['reason'], 'b');
  assert.throws(() => readForm('{"score": 4} {"score": 5}', agreeing), {
    code: 'ROW_UNCLEAR',
    message: /differ/,
  });
});

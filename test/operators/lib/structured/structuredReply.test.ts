import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RowError } from '../../../../src/errors.js';
import {
  compileStructured,
  completeStructured,
  jsonSchemaOption,
  readStructured,
  schemaOf,
  structuredColumns,
} from '../../../../src/operators/lib/structured/structuredReply.js';
import { scriptedModel } from '../../../helpers/scriptedModel.js';

const SCHEMA = {
  type: 'object',
  properties: {
    score: { type: 'integer', maximum: 5, description: 'how good it is' },
    reason: { type: 'string' },
  },
  required: ['score'],
};
const ASK = {
  seq: 0,
  message: { kind: 'user', text: 'Judge.' },
  n: 1,
  tokensMax: 64,
  temperature: 0,
  topP: 1,
  seed: 4294967295,
} as const;

test('the columns of a schema carry its descriptions', () => {
  assert.deepEqual(structuredColumns(SCHEMA), [
    { name: 'score', type: 'int64', nullable: false, help: 'How good it is.' },
    { name: 'reason', type: 'string', nullable: true, help: 'The field reason of the reply.' },
  ]);
});

test('the first object that fits counts; a fault is that of the first object', () => {
  const structured = compileStructured(SCHEMA);
  const reply = 'As {"score": 9} is too much: {"score": 4, "reason": "\\frac12"}';
  assert.deepEqual(readStructured(reply, structured), { score: 4n, reason: '\\frac12' });
  for (const [bad, message] of [
    ['{"score": 9} {"scores": 1}', /score must be <= 5/],
    ['no object', /found no JSON object in the reply/],
  ] as const) {
    assert.throws(
      () => readStructured(bad, structured),
      (error) =>
        error instanceof RowError &&
        error.code === 'ROW_JSON' &&
        error.reply === bad &&
        message.test(error.message),
    );
  }
});

test('after the last try the row is rejected; what cannot be used at all is not asked for again', async () => {
  const structured = compileStructured(SCHEMA);
  const wrong = scriptedModel({ complete: () => ['{"score": 9}'] });
  await assert.rejects(completeStructured(wrong, ASK, structured, 2), { code: 'ROW_JSON' });
  assert.equal(wrong.completes.length, 3);
  assert.ok(wrong.completes.every(({ seed }) => seed >= 0 && seed < 2 ** 32));
  const empty = scriptedModel({ complete: () => [''] });
  await assert.rejects(completeStructured(empty, ASK, structured, 2), { code: 'ROW_EMPTY' });
  assert.equal(empty.completes.length, 1);
});

test('a thought is no part of the reply', async () => {
  const model = scriptedModel({ complete: () => [{ text: '<think>{"score": 1}</think>{"score": 2}' }] });
  const { values, thought } = await completeStructured(model, ASK, compileStructured(SCHEMA), 0);
  assert.deepEqual([values['score'], thought], [2n, '{"score": 1}']);
});

test('the option refuses what is no schema; a path is for pipeline files', () => {
  assert.ok(jsonSchemaOption.safeParse(SCHEMA).success);
  assert.equal(schemaOf('x.json'), undefined);
  for (const wrong of ['x.json', { type: 'objekt' }, { ...SCHEMA, required: 'score' }]) {
    assert.ok(!jsonSchemaOption.safeParse(wrong).success, JSON.stringify(wrong));
  }
  assert.throws(
    () => compileStructured({ ...SCHEMA, minProperties: 'one' }),
    /expected a JSON Schema of draft 2020-12/,
  );
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import {
  type StandardResult,
  type StandardSchema,
  zodOf,
} from '../../../../src/operators/lib/own/standardSchema.js';

function schemaOf<T>(
  validate: StandardSchema<unknown, T>['~standard']['validate'],
): StandardSchema<unknown, T> {
  return { '~standard': { version: 1, vendor: 'test', validate } };
}

test('what the schema gives is what zod gives', () => {
  const doubled = zodOf(schemaOf((value) => ({ value: (value as number) * 2 })));
  assert.deepEqual(z.strictObject({ a: doubled }).parse({ a: 4 }), { a: 8 });
});

test('mistakes keep their place, of plain keys and of keys in objects, inside the options around them', () => {
  const issues = [{ message: 'expected b', path: ['list', { key: 3 }] }, { message: 'expected all' }];
  const refusing = z.strictObject({ own: zodOf(schemaOf((): StandardResult<never> => ({ issues }))) });
  const { error } = refusing.safeParse({ own: 1 });
  assert.deepEqual(
    error!.issues.map(({ path, message }) => [path, message]),
    [
      [['own', 'list', 3], 'expected b'],
      [['own'], 'expected all'],
    ],
  );
});

test('a schema of zod is one', () => {
  const { error } = zodOf(z.strictObject({ n: z.int() })).safeParse({ n: 'x' });
  assert.deepEqual(error!.issues[0]!.path, ['n']);
});

test('an asynchronous schema is refused, not taken as valid', () => {
  const { error } = zodOf(schemaOf(async () => ({ value: 1 }))).safeParse(1);
  assert.match(error!.issues[0]!.message, /not asynchronous/);
});

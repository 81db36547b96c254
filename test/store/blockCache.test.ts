import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createBlockCache } from '../../src/store/blockCache.js';
import { repliesOf } from './anyReplies.js';

test('replies of added blocks are found; of equal keys, the last one counts', () => {
  const cache = createBlockCache();
  cache.add(
    repliesOf('run', [
      ['a', 'first'],
      ['b', 'other'],
      ['a', 'second'],
    ]),
  );
  assert.equal(cache.get('a'), 'second');
  cache.add(repliesOf('run', [['a', 'third']]));
  assert.deepEqual([cache.get('a'), cache.get('b'), cache.get('c')], ['third', 'other', undefined]);
});

test('the oldest blocks go when there are too many bytes, but not the last one', () => {
  const cache = createBlockCache(10);
  cache.add(
    repliesOf('run', [
      ['a', '123456'],
      ['b', ''],
    ]),
  );
  cache.add(repliesOf('run', [['c', '1234']]));
  assert.equal(cache.get('a'), '123456');
  cache.add(repliesOf('run', [['d', '1']]));
  assert.deepEqual(
    ['a', 'b', 'c', 'd'].map((key) => cache.get(key)),
    [undefined, undefined, '1234', '1'],
  );
  cache.add(repliesOf('run', [['e', 'longer than the whole cache']]));
  assert.deepEqual([cache.get('d'), cache.get('e')], [undefined, 'longer than the whole cache']);
});

test('a key that a later block has stays when the earlier block goes', () => {
  const cache = createBlockCache(10);
  cache.add(repliesOf('run', [['a', '123456']]));
  cache.add(repliesOf('run', [['a', 'newer']]));
  cache.add(repliesOf('run', [['b', '12']]));
  assert.equal(cache.get('a'), 'newer');
});

test('a forgotten key is not found', () => {
  const cache = createBlockCache();
  cache.add(
    repliesOf('run', [
      ['a', '1'],
      ['b', '2'],
    ]),
  );
  cache.forget(['a']);
  assert.deepEqual([cache.get('a'), cache.get('b')], [undefined, '2']);
});

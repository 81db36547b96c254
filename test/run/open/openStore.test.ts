import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runNameIn } from '../../../src/run/open/openStore.js';

test('run folders of one name have names of their own in the store', () => {
  const names = [
    '/data/a/run',
    '/data/b/run',
    '/elsewhere/run',
    `/data/${'x'.repeat(250)}/${'y'.repeat(250)}/run`,
  ];
  const own = names.map((path) => runNameIn('/data/.store', path));
  assert.deepEqual(own.slice(0, 3), ['a/run', 'b/run', '../elsewhere/run']);
  assert.match(own[3]!, /^[0-9a-f]{12}\/run$/);
  assert.equal(runNameIn('runs/.store', 'runs/quickstart'), 'quickstart');
});

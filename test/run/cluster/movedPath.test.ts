import assert from 'node:assert/strict';
import { test } from 'node:test';
import { movedPath } from '../../../src/run/cluster/movedPath.js';

test('a file of the folder stands at the same place of its copy', () => {
  assert.equal(movedPath('/home/me/p/a/b.yaml', '/home/me/p', '/work/'), '/work/a/b.yaml');
  assert.equal(movedPath('/home/me/p', '/home/me/p', '/work'), '/work');
  assert.equal(movedPath('/home/me/p/..a', '/home/me/p', '/'), '/..a');
  assert.equal(movedPath('/home/me/p', '/home/me/p', '/'), '/');
});

test('other files are refused', () => {
  for (const path of ['/home/me/x', '/home/me', '/home/me/p2'])
    assert.throws(() => movedPath(path, '/home/me/p', '/work'), {
      code: 'ERR_USAGE',
      message: /outside of \/home\/me\/p,/,
    });
});

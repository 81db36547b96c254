import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  HOLDER_FILE,
  STORE_DATA_FILE,
  STORE_MARK_FILE,
  holderFile,
} from '../../../src/store/database/fileNames.js';

test('a holder’s file is known by its name, stays in the folder, and is not taken for another one', () => {
  for (const host of ['machine', 'machine.local', '../up', 'a b', '']) {
    const name = holderFile(host, 17, 0);
    assert.match(name, HOLDER_FILE);
    assert.ok(!name.includes('/'), name);
  }
  assert.notEqual(holderFile('a', 1, 0), holderFile('a', 1, 1));
  for (const name of [STORE_DATA_FILE, STORE_MARK_FILE, 'open-a.json.tmp', 'reopen-a.json', 'notes.txt'])
    assert.doesNotMatch(name, HOLDER_FILE);
});

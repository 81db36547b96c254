import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lineText } from '../../../src/page/view/lineText.js';

test('lines of the log are sentences; an unknown one shows what it has', () => {
  const text = (event: Record<string, unknown>): string => lineText({ event });
  assert.equal(text({ event: 'committed', next: 1500, kept: 1200 }), 'Committed: 1,200 rows kept of 1,500.');
  assert.equal(text({ event: 'failed', code: 'ERR_CANCELLED', message: 'x' }), 'Stopped.');
  assert.equal(
    text({ event: 'failed', code: 'ERR_MEMORY', message: 'too much' }),
    'Failed: too much [ERR_MEMORY]',
  );
  assert.equal(text({ event: 'paused', isPaused: false }), 'Goes on.');
  assert.equal(text({ event: 'other', a: 1 }), 'other {"a":1}');
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventPrinter } from '../../../../src/cli/show/run/eventLine.js';

test('an event is one line of JSON, without what the environment filled in', () => {
  const written: string[] = [];
  const filled = new Map([['SERVER_KEY', 'sk-0123456789']]);
  const print = eventPrinter(filled, { link: 'first' }, (text) => void written.push(text));
  print({ event: 'failed', code: 'ERR_X', message: 'refused\nsk-0123456789' });
  assert.ok(written[0]!.endsWith('\n') && written.length === 1);
  assert.deepEqual(JSON.parse(written[0]!), {
    ...{ link: 'first', event: 'failed', code: 'ERR_X', message: 'refused\n${SERVER_KEY}' },
  });
});

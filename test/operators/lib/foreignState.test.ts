import assert from 'node:assert/strict';
import { test } from 'node:test';
import { foreignState } from '../../../src/operators/lib/foreignState.js';

test('what is foreign is shown as bytes or as the beginning of its JSON, with what was expected and what to do', () => {
  for (const [found, shown] of [
    [new Uint8Array(7), 'holds 7 bytes, expected a vector. '],
    [{ a: 1 }, 'holds {"a":1}, expected a vector. '],
    ['x'.repeat(100), `holds "${'x'.repeat(39)}…, expected a vector. `],
  ] as const) {
    const { code, message } = foreignState(found, 'a vector');
    assert.equal(code, 'ERR_DATA_INVALID');
    assert.ok(message.includes(shown), message);
    assert.match(message, /Start anew beside the run with --fresh\.$/);
  }
});

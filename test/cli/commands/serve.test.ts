import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CommanderError } from 'commander';
import { createProgram } from '../../../src/cli/program.js';

test('serve wants a folder, a server, and numbers that are some', async (t) => {
  let said = '';
  t.mock.method(process.stderr, 'write', (chunk: string) => Boolean((said += chunk)));
  for (const [args, message] of [
    [[], /missing required argument 'folder'/],
    [['servers'], /missing required argument 'command'/],
    [['servers', '--port', '0', '--', 'x'], /expected a port from 1 to 65535/],
    [['servers', '--start-timeout-ms', 'soon', '--', 'x'], /expected a whole number of milliseconds/],
  ] as const) {
    said = '';
    await assert.rejects(
      createProgram().parseAsync(['node', 'scalequest', 'serve', ...args]),
      CommanderError,
    );
    assert.match(said, message);
  }
});

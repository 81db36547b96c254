import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createProgram } from '../../src/cli/program.js';
import { COMMANDS } from '../../src/cli/registry.js';

test('the program has every command, each with its sentence', () => {
  const program = createProgram();
  assert.deepEqual(
    program.commands.map((command) => [command.name(), command.description()]),
    COMMANDS.map(({ name, summary }) => [name, summary]),
  );
});

test('a mistake in the command line is thrown, and a program can be made again', async (t) => {
  t.mock.method(process.stderr, 'write', () => true);
  for (let made = 0; made < 2; made++) {
    const parsed = createProgram().parseAsync(['check'], { from: 'user' });
    await assert.rejects(parsed, { code: 'commander.missingArgument' });
  }
});

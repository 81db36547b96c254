import assert from 'node:assert/strict';
import { test } from 'node:test';
import { COMMANDS } from '../../src/cli/registry.js';
import { sourceFiles } from '../helpers/files/sourceFiles.js';

test('every file in src/cli/commands is a command in the list', () => {
  const known = COMMANDS.map(({ name }) => name);
  for (const { path } of sourceFiles('src/cli/commands')) {
    const [, name] = /(\w+)\.ts$/.exec(path)!;
    assert.ok(
      known.includes(name!),
      `${path} is not in COMMANDS: add \`${name}Command\` to the list in src/cli/registry.ts`,
    );
  }
  assert.equal(new Set(known).size, known.length);
});

test('a command says in a sentence what it does', () => {
  for (const { name, summary } of COMMANDS) assert.match(summary, /^[A-Z].*\.$/, name);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Command } from 'commander';
import { declarePipeline, parseWholeNumber } from '../../src/cli/command.js';

async function parsed(...args: string[]): Promise<unknown> {
  let given: unknown;
  const command = declarePipeline(new Command('x').exitOverride().configureOutput({ writeErr: () => {} }));
  await command
    .action((file: string, flags: object) => void (given = { file, ...flags }))
    .parseAsync(args, { from: 'user' });
  return given;
}

test('--set may be repeated; its value may hold an equals sign', async () => {
  assert.deepEqual(await parsed('p.yaml', '--set', 'a.b=1', '--set', 'c=x=y'), {
    file: 'p.yaml',
    set: [
      { path: ['a', 'b'], value: '1' },
      { path: ['c'], value: 'x=y' },
    ],
  });
  await assert.rejects(parsed('p.yaml', '--set', '=1'), /expected key\.path=value/);
});

test('a whole number is one from 1 on', () => {
  assert.equal(parseWholeNumber('12'), 12);
  for (const text of ['0', '-1', '1.5', 'x', '']) assert.throws(() => parseWholeNumber(text), /whole number/);
});

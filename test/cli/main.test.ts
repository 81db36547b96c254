import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { EXIT_CODES, EXIT_CODE_HELP } from '../../src/cli/exitCodes.js';
import { packageVersion } from '../../src/io/files/packageFiles.js';
import { hostCommand } from '../helpers/commandHost.js';
import { runCommand, temporaryFolder, writePipeline } from '../helpers/commandLine.js';
import { QUICKSTART } from '../helpers/runs/pipelineWorld.js';

const STEPS = ['limit: 12', 'steps:', '  - generate: { generators: [{ model: tiny }], tokensMax: 96 }'];
// In processes of their own where their end is part of it; the others in one.

test('--help lists the commands and what the exit codes say', async () => {
  const { code, stdout } = await runCommand('--help');
  assert.equal(code, 0);
  for (const command of ['run', 'check', 'plan', 'preview', 'steps'])
    assert.match(stdout, new RegExp(`^  ${command} `, 'm'));
  for (const [name, status] of Object.entries(EXIT_CODES))
    assert.ok(stdout.includes(`${status}  ${EXIT_CODE_HELP[name as keyof typeof EXIT_CODES]}`), name);
});

test('--version prints the version of the package', async () => {
  assert.deepEqual(await runCommand('--version'), { code: 0, stdout: `${packageVersion()}\n`, stderr: '' });
});

const USAGE: [args: string[], message: RegExp][] = [
  [['chek', 'x.yaml'], /unknown command 'chek'/],
  [['check'], /missing required argument 'pipeline'/],
  [['check', QUICKSTART, '--loud'], /unknown option '--loud'/],
  [['check', QUICKSTART, '--set', 'limit'], /expected key\.path=value/],
  [['check', QUICKSTART, '--set', 'steps.99.x=1'], /--set steps\.99\.x=1: found 99, expected a position/],
  [['preview', QUICKSTART, '-n', '0'], /expected a whole number from 1 on/],
  [['steps', 'generat'], /no operator is called "generat"; did you mean "generate"\?/],
];

for (const [args, message] of USAGE) {
  test(`exit 2: ${args.map((arg) => arg.replace(QUICKSTART, 'quickstart.yaml')).join(' ')}`, async () => {
    const { code, stdout, stderr } = await hostCommand(args);
    assert.match(stderr, message);
    assert.deepEqual([code, stdout], [EXIT_CODES.usage, '']);
  });
}

test('--out below a file; exit 5', async () => {
  const folder = temporaryFolder();
  const file = writePipeline(folder, STEPS);
  const { code, stderr } = await hostCommand(['run', file, '--out', join(file, 'out')]);
  assert.match(stderr, /\[ERR_(IO_WRITE|IO_READ|RUN_FOLDER)\]\n$/);
  assert.equal(code, EXIT_CODES.io);
});

test('--out with something else in it; exit 5, and it stays', async () => {
  const folder = temporaryFolder();
  const out = join(folder, 'out');
  mkdirSync(out);
  writeFileSync(join(out, 'thesis.txt'), 'mine');
  const { code, stderr } = await hostCommand(['run', writePipeline(folder, STEPS), '--out', out]);
  assert.match(stderr, /it holds "thesis\.txt".* \[ERR_RUN_FOLDER\]/);
  assert.equal(code, EXIT_CODES.io);
  assert.deepEqual(readdirSync(out), ['thesis.txt']);
});

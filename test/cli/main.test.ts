import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { EXIT_CODES, EXIT_CODE_HELP } from '../../src/cli/exitCodes.js';
import { packageVersion } from '../../src/io/files/packageFiles.js';
import { OPERATORS } from '../../src/operators/registry.js';
import { hostCommand } from '../helpers/commandHost.js';
import { runCommand, temporaryFolder, writePipeline } from '../helpers/commandLine.js';
import { QUICKSTART } from '../helpers/pipelineWorld.js';

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

test('check: a sound file', async () => {
  const { code, stdout, stderr } = await runCommand('check', QUICKSTART);
  assert.match(
    stdout,
    /quickstart\.yaml: no mistakes; 10 steps, 1 model, columns seq, question, generator, /,
  );
  assert.deepEqual([code, stderr], [0, '']);
});

test('check: all mistakes of a file, each with place and code; exit 3', async () => {
  const file = writePipeline(temporaryFolder(), [...STEPS, '  - dedup: {}', '  - keepBest: { amon: all }']);
  const { code, stdout, stderr } = await runCommand('check', file);
  const lines = stderr.split('\n');
  assert.match(
    lines[0]!,
    /pipeline\.yaml:8:5 steps\.1\.dedup: .*did you mean "deduplicate"\? \[ERR_PIPELINE_INVALID\]$/,
  );
  assert.match(
    lines[1]!,
    /pipeline\.yaml:9:17 steps\.2\.keepBest\.amon: .*"among"\? \[ERR_PIPELINE_INVALID\]$/,
  );
  assert.match(stderr, /\n\n2 mistakes found; nothing was sent or written\.\n$/);
  assert.deepEqual([code, stdout], [EXIT_CODES.invalidPipeline, '']);
});

test('check: a file that is not there; exit 3', async () => {
  const { code, stderr } = await hostCommand(['check', join(temporaryFolder(), 'no.yaml')]);
  assert.match(stderr, /cannot read .*no\.yaml: there is no such file \[ERR_PIPELINE_READ\]/);
  assert.equal(code, EXIT_CODES.invalidPipeline);
});

test('a model file that is missing; exit 4', async () => {
  const file = writePipeline(temporaryFolder(), STEPS, 'nowhere.gguf');
  for (const command of ['check', 'run']) {
    const { code, stderr } = await hostCommand([command, file]);
    assert.match(stderr, /models\.tiny\.llamaCpp\.path: found no file .*nowhere\.gguf.* \[ERR_MODEL_LOAD\]/);
    assert.equal(code, EXIT_CODES.model);
  }
});

test('a model file that is no model; exit 4', async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'fake.gguf'), 'not a model');
  const file = writePipeline(folder, STEPS, join(folder, 'fake.gguf'));
  const { code, stderr } = await runCommand('preview', file);
  assert.match(
    stderr,
    /models\.tiny\.llamaCpp\.path: .*fake\.gguf: found a file that begins with "not a mo", expected a GGUF model.* \[ERR_MODEL_LOAD\]/,
  );
  assert.equal(code, EXIT_CODES.model);
});

test('steps: every operator, then one of them in full', async () => {
  const list = await hostCommand(['steps']);
  for (const { name, summary } of OPERATORS)
    assert.match(list.stdout, new RegExp(`^${name} +${summary.slice(0, 20)}`, 'm'));
  const page = await hostCommand(['steps', 'generate']);
  assert.match(page.stdout, /^## generate\n[^]*\| `tokensMax` \|[^]*```yaml\n/);
  assert.deepEqual([list.code, page.code], [0, 0]);
});

test('plan: what each step reads, writes and asks; --set counts', async () => {
  const { code, stdout } = await hostCommand([
    'plan',
    QUICKSTART,
    '--set',
    'target=24',
    '--set',
    'source.windowRows=64',
  ]);
  assert.match(stdout, /^ends at 24 kept rows$/m);
  assert.match(stdout, /^source {2}at most 64 rows under way, in batches of 32$/m);
  assert.match(stdout, /^ 4 {2}judgeSolvability: /m);
  assert.equal(code, 0);
});

test('preview: rows through every step, and no file written', async () => {
  const folder = temporaryFolder();
  const file = writePipeline(folder, [...STEPS, '  - deduplicate: {}']);
  const { code, stdout, stderr } = await runCommand('preview', file, '-n', '2');
  assert.match(stdout, /^row 0\n {2}generate[^]*\n\nrow 1\n {2}generate/);
  assert.ok(!stdout.includes('row 2'));
  assert.deepEqual([code, stderr], [0, '']);
  assert.deepEqual(readdirSync(folder), ['pipeline.yaml']);
});

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

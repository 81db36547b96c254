import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { EXIT_CODES } from '../../../src/cli/exitCodes.js';
import { hostCommand } from '../../helpers/commandHost.js';
import { runCommand, temporaryFolder, writePipeline } from '../../helpers/commandLine.js';
import { QUICKSTART } from '../../helpers/runs/pipelineWorld.js';

const STEPS = ['limit: 12', 'steps:', '  - generate: { generators: [{ model: tiny }], tokensMax: 96 }'];

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
  const { code, stdout, stderr } = await hostCommand(['check', file]);
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
  const { code, stderr } = await hostCommand(['preview', file]);
  assert.match(
    stderr,
    /models\.tiny\.llamaCpp\.path: .*fake\.gguf: found a file that begins with "not a mo", expected a GGUF model.* \[ERR_MODEL_LOAD\]/,
  );
  assert.equal(code, EXIT_CODES.model);
});

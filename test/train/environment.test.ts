import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  filledRemover,
  isSecretName,
  secretRemover,
  trainerEnvironment,
} from '../../src/train/environment.js';

const ALL = {
  ...{
    PATH: '/bin',
    HOME: '/root',
    CUDA_VISIBLE_DEVICES: '1',
    HF_HOME: '/cache',
    LC_ALL: 'C',
    NONE: undefined,
  },
  ...{
    OPENAI_API_KEY: 'sk-secret-12345',
    HF_TOKEN: 'hf_token_98765',
    AWS_SECRET_ACCESS_KEY: 'x',
    WANDB_API_KEY: 'short',
  },
};

test('a trainer is given the system’s variables and those that are named, and no other', () => {
  const system = { PATH: '/bin', HOME: '/root', CUDA_VISIBLE_DEVICES: '1', HF_HOME: '/cache', LC_ALL: 'C' };
  assert.deepEqual(trainerEnvironment(ALL, []), system);
  assert.deepEqual(trainerEnvironment(ALL, ['HF_TOKEN', 'NONE']), { ...system, HF_TOKEN: 'hf_token_98765' });
});

test('values of named variables are taken out of lines', () => {
  const clean = secretRemover(ALL, ['HF_TOKEN', 'WANDB_API_KEY']);
  assert.equal(clean('token=hf_token_98765 /bin short'), 'token=[key] /bin short');
});

test('of the families no secret is handed on unless it is named', () => {
  const all = { SLURM_JOB_ID: '7', SLURM_JWT: 'eyJ', CONDA_TOKEN: 't', TORCH_HOME: '/t' };
  assert.deepEqual(trainerEnvironment(all, []), { SLURM_JOB_ID: '7', TORCH_HOME: '/t' });
  assert.deepEqual(trainerEnvironment(all, ['SLURM_JWT']).SLURM_JWT, 'eyJ');
});

test('a variable is a secret by its name', () => {
  for (const name of [
    'HF_TOKEN',
    'OPENAI_API_KEY',
    'KEY2',
    'APIKEY',
    'db_password',
    'AWS_SECRET_ACCESS_KEY',
    'GH_PASS',
    'SLURM_JWT',
  ])
    assert.ok(isSecretName(name), name);
  for (const name of ['MODEL', 'TOKENIZER', 'KEYWORDS_FILE', 'PASSAGES', 'BENCHMARK', 'SECRETARY'])
    assert.ok(!isSecretName(name), name);
});

test('what the environment filled in is named again where it is a secret, the longer one first', () => {
  const filled = new Map([
    ['MODEL', '/models/base'],
    ['A_KEY', 'hunter'],
    ['B_KEY', 'hunter-2/$&'],
    ['C_KEY', 'abc'],
  ]);
  const clean = filledRemover(filled);
  assert.equal(clean('/models/base hunter-2/$& hunter abc'), '/models/base ${B_KEY} ${A_KEY} abc');
  assert.equal(clean('?k=hunter-2%2F%24%26'), '?k=${B_KEY}');
});

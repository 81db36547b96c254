import assert from 'node:assert/strict';
import { test } from 'node:test';
import { childEnvironment, isSecretName } from '../../src/process/childEnvironment.js';

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

test('a program is given the system’s variables and those that are named, and no other', () => {
  const system = { PATH: '/bin', HOME: '/root', CUDA_VISIBLE_DEVICES: '1', HF_HOME: '/cache', LC_ALL: 'C' };
  assert.deepEqual(childEnvironment(ALL, []), system);
  assert.deepEqual(childEnvironment(ALL, ['HF_TOKEN', 'NONE']), { ...system, HF_TOKEN: 'hf_token_98765' });
});

test('of the families no secret is handed on unless it is named', () => {
  const all = { SLURM_JOB_ID: '7', SLURM_JWT: 'eyJ', CONDA_TOKEN: 't', TORCH_HOME: '/t' };
  assert.deepEqual(childEnvironment(all, []), { SLURM_JOB_ID: '7', TORCH_HOME: '/t' });
  assert.deepEqual(childEnvironment(all, ['SLURM_JWT']).SLURM_JWT, 'eyJ');
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
    'GITHUB_PAT',
    'AUTH',
    'X_AUTH',
    'DB_PWD',
    'SESSION_COOKIE',
  ])
    assert.ok(isSecretName(name), name);
  for (const name of [
    'MODEL',
    'TOKENIZER',
    'KEYWORDS_FILE',
    'PASSAGES',
    'BENCHMARK',
    'SECRETARY',
    'PATH',
    'AUTHOR',
    'COMPAT',
  ])
    assert.ok(!isSecretName(name), name);
});

test('agents, proxies and settings of other programs are not handed on', () => {
  const all = {
    SSH_AUTH_SOCK: '/s',
    HTTPS_PROXY: 'http://u:p@proxy',
    DATABASE_URL: 'postgres://u:p@db',
    AWS_PROFILE: 'x',
    EDITOR: 'vi',
  };
  assert.deepEqual(childEnvironment(all, []), {});
  assert.deepEqual(childEnvironment(all, ['HTTPS_PROXY']), { HTTPS_PROXY: all.HTTPS_PROXY });
});

test('an engine keeps what it needs of the GPU and of vLLM', () => {
  const all = {
    VLLM_USE_V1: '1',
    CUDA_VISIBLE_DEVICES: '0',
    LD_LIBRARY_PATH: '/l',
    HF_HUB_CACHE: '/c',
    RAY_ADDRESS: 'x',
  };
  assert.deepEqual(childEnvironment(all, []), all);
  assert.deepEqual(childEnvironment({ VLLM_API_KEY: 'k' }, []), {});
});

import assert from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { EXIT_CODES } from '../../../src/cli/exitCodes.js';
import { hostCommand } from '../../helpers/commandHost.js';
import { temporaryFolder } from '../../helpers/commandLine.js';

function pipelineIn(folder: string): string {
  const lines = [
    ...[
      'name: set',
      'limit: 3',
      'models:',
      '  solver:',
      '    openai:',
      '      model: m',
      '      replicasFrom: servers',
    ],
    '      serve: { on: cluster, command: [vllm, serve, m, --port, "{port}"] }',
    ...[
      '    template: qwen2-math',
      'steps:',
      '  - generate: { generators: [{ model: solver }], tokensMax: 9 }',
      '',
    ],
  ];
  const file = join(folder, 'set.yaml');
  writeFileSync(file, lines.join('\n'));
  return file;
}

test('cluster slurm: the script on standard output, and nothing on the disk', async () => {
  const folder = temporaryFolder();
  const file = pipelineIn(folder);
  const flags = ['--nodes', '2', '--gpus-per-node', '4', '--sbatch=--partition=gpu', '--sbatch=--account=me'];
  const { code, stdout, stderr } = await hostCommand(['cluster', 'slurm', file, ...flags]);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^#!\/bin\/bash\n[^]*#SBATCH --partition=gpu\n#SBATCH --account=me\n/);
  assert.match(stdout, /^# 8 servers of solver$/m);
  assert.deepEqual(readdirSync(folder), ['set.yaml']);
});

test('cluster kubernetes: manifests that are YAML', async () => {
  const file = pipelineIn(temporaryFolder());
  const flags = ['--image', 'an/image', '--claim', 'work'];
  const { code, stderr } = await hostCommand(['cluster', 'kubernetes', file, ...flags]);
  assert.equal(code, EXIT_CODES.usage);
  assert.match(stderr, /outside of .*, expected the files of the run in the folder/);
  const folder = temporaryFolder();
  const inside = pipelineIn(folder);
  const found = await hostCommand(['cluster', 'kubernetes', inside, ...flags], folder);
  assert.equal(found.code, 0, found.stderr);
  const kinds = parseAllDocuments(found.stdout).map((document) => document.get('kind'));
  assert.deepEqual(kinds, ['Deployment', 'Job']);
});

test('cluster: what is missing or wrong is named', async () => {
  const file = pipelineIn(temporaryFolder());
  for (const [flags, fault] of [
    [['slurm'], /slurm: expected --nodes/],
    [['slurm', '--nodes', '0'], /--nodes/],
    [['slurm', '--nodes', '1', '--time', 'soon'], /found --time "soon"/],
    [['slurm', '--nodes', '1', '--sbatch', 'gpu'], /found --sbatch "gpu", expected an option of sbatch/],
    [['slurm', '--nodes', '1'], /needs 1 GPUs, but a node has 0.*--gpus-per-node/],
    [['kubernetes', '--claim', 'c'], /kubernetes: expected --image/],
    [['kubernetes', '--image', 'i'], /kubernetes: expected --claim/],
    [['kubernetes', '--image', 'i', '--claim', 'c', '--mount', 'work'], /expected an absolute path/],
    [['nomad'], /slurm, kubernetes/],
  ] as const) {
    const [engine, ...rest] = flags;
    const { code, stdout, stderr } = await hostCommand(['cluster', engine, file, ...rest]);
    assert.equal(code, EXIT_CODES.usage, stderr);
    assert.match(stderr, fault);
    assert.equal(stdout, '');
  }
});

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { printCluster } from '../../../src/run/cluster/printCluster.js';
import { temporaryFolder } from '../../helpers/commandLine.js';

const SLURM = { slurm: { nodes: 1, gpusPerNode: 1, cpusEach: 1, time: '1:00', sbatch: [] } };

function written(serve: string): { folder: string; file: string } {
  const folder = temporaryFolder();
  const lines = [
    ...['name: set', 'limit: 3', 'models:', '  solver:', '    openai:', '      model: m'],
    `      ${serve}`,
    ...[
      '    template: qwen2-math',
      'steps:',
      '  - generate: { generators: [{ model: solver }], tokensMax: 9 }',
      '',
    ],
  ];
  writeFileSync(join(folder, 'set.yaml'), lines.join('\n'));
  return { folder, file: join(folder, 'set.yaml') };
}

const print = ({ folder, file }: { folder: string; file: string }, set = {}, env = {}) =>
  printCluster(file, { folder, scalequest: ['scalequest'], engine: SLURM, set }, { env });

test('a secret that the environment fills in is not printed, its name is', async () => {
  const files = written(
    'replicasFrom: servers\n      serve: { on: cluster, command: [vllm, --token, "${TOKEN}", "{port}"] }',
  );
  const text = await print(files, { limit: 2 }, { TOKEN: 'very-secret-1' });
  assert.ok(!text.includes('very-secret'), text);
  assert.match(text, /-- vllm --token "\$\{TOKEN\}" '\{port\}' &/);
  assert.match(text, /run .*set\.yaml --take-over --set limit=2 &/);
});

test('a file with mistakes is refused with their places, before anything is printed', async () => {
  for (const [serve, fault] of [
    ['serve: { on: cluster, command: [vllm, "{port}"] }', /expected replicasFrom beside on: cluster/],
    ['replicasFrom: servers\n      serve: { on: cluster, command: [vllm] }', /expected \{port\} in it/],
    [
      'replicasFrom: servers\n      serve: { on: cluster, command: ["{port}"], gpus: [0] }',
      /expected gpusEach in place of gpus/,
    ],
    [
      'replicas: ["http://h/v1"]\n      serve: { command: [vllm], gpusEach: 2 }',
      /expected on: cluster beside gpusEach/,
    ],
    ['replicas: ["http://h/v1"]', /found no model with `serve/],
  ] as const)
    await assert.rejects(print(written(serve)), { message: fault });
});

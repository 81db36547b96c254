import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clusterServersOf } from '../../../src/run/cluster/clusterServers.js';
import { checkText } from '../../helpers/runs/pipelineWorld.js';

const SERVE = 'serve: { on: cluster, command: [vllm, serve, m, --port, "{port}"]';

/** A pipeline with two models that its steps use, and one that they do not. */
function planOf(first: string, second: string) {
  const model = (name: string, text: string): string =>
    `  ${name}: { openai: { model: m, ${text} }, template: qwen2-math }`;
  const lines = [
    ...['name: set', 'limit: 3', 'models:', model('asker', first), model('solver', second)],
    model('unused', `replicasFrom: others, ${SERVE} }`),
    ...['steps:', '  - generate: { generators: [{ model: asker }], tokensMax: 9 }'],
    ...['  - respond: { model: solver, tokensMax: 9 }', ''],
  ];
  return checkText(lines.join('\n'));
}

test('models of one folder and one command share their servers', async () => {
  const both = `replicasFrom: servers, ${SERVE}, gpusEach: 2, replicas: 3 }`;
  const plan = await planOf(both, both);
  const [servers, ...others] = clusterServersOf(plan);
  assert.equal(others.length, 0);
  assert.match(servers!.folder, /\/servers$/);
  assert.deepEqual(
    { ...servers, folder: '' },
    {
      ...{ models: ['asker', 'solver'], folder: '', replicas: 3, gpusEach: 2, apiKeyEnv: undefined },
      ...{ command: ['vllm', 'serve', 'm', '--port', '{port}'], startTimeoutMs: 900_000 },
    },
  );
});

test('one folder for two kinds of servers is refused, and so is a pipeline that serves nothing on a cluster', async () => {
  const first = `replicasFrom: servers, ${SERVE} }`;
  const second = `replicasFrom: servers, ${SERVE}, gpusEach: 2 }`;
  const mixed = await planOf(first, second);
  assert.throws(() => clusterServersOf(mixed), {
    code: 'ERR_PIPELINE_MODEL',
    message: /the models asker and solver have the same replicasFrom, .*servers, but not the same serve/,
  });
  const none = await planOf('replicas: ["http://h/v1"]', 'replicasFrom: servers');
  assert.throws(() => clusterServersOf(none), { code: 'ERR_PIPELINE_MODEL', message: /on: cluster/ });
  const own = clusterServersOf(await planOf(first, second.replace('servers', 'more')));
  assert.deepEqual(
    own.map(({ models, gpusEach }) => [...models, gpusEach]),
    [
      ['asker', 1],
      ['solver', 2],
    ],
  );
});

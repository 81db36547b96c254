import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { planPipeline } from '../../../src/run/plan/planPipeline.js';
import { type RayPlacement, type RayPlan, rayPlanOf, runKeyOf } from '../../../src/run/cluster/rayPlan.js';
import { temporaryFolder } from '../../helpers/commandLine.js';

const MODEL = [
  ...['    openai:', '      model: m', '      replicasFrom: servers'],
  '      serve: { on: cluster, command: [vllm, "${KEY}", "{port}"], replicas: 4, gpusEach: 2 }',
  '    template: qwen2-math',
];

async function planned(
  placement: Partial<RayPlacement> = {},
  { models = ['  solver:', ...MODEL], more = [] as string[] } = {},
): Promise<{ plan: RayPlan; folder: string }> {
  const folder = temporaryFolder();
  const file = join(folder, 'set.yaml');
  const names = models.filter((line) => /^ {2}\w/.test(line)).map((line) => line.slice(2, -1));
  const generators = names.map((name) => `{ model: ${name} }`).join(', ');
  const steps = ['steps:', `  - generate: { generators: [${generators}], tokensMax: 9 }`, ''];
  writeFileSync(file, ['name: set', 'limit: 3', 'models:', ...models, ...more, ...steps].join('\n'));
  const plan = await planPipeline(file, {}, { env: { KEY: 'very-secret' } });
  const own = {
    ...{ folder, clusterFolder: folder, scalequest: ['npx', 'scalequest'], args: [], out: undefined },
    ...{ version: '1.2.3', sha256: 'abc', ...placement },
  };
  return { plan: rayPlanOf(plan, own), folder };
}

test('the run and the servers as words; what the environment filled in is a name again', async () => {
  const { plan, folder } = await planned({ args: ['--set', 'limit=2'] });
  assert.deepEqual(plan, {
    cwd: folder,
    folders: [folder, join(folder, 'servers')],
    file: { path: join(folder, 'set.yaml'), sha256: 'abc' },
    version: '1.2.3',
    scalequest: ['npx', 'scalequest'],
    run: ['npx', 'scalequest', 'run', join(folder, 'set.yaml'), '--take-over', '--set', 'limit=2'],
    servers: [
      {
        models: ['solver'],
        folder: join(folder, 'servers'),
        words: [
          ...['npx', 'scalequest', 'serve', join(folder, 'servers'), '--host', '{host}'],
          ...['--start-timeout-ms', '900000', '--', 'vllm', '${KEY}', '{port}'],
        ],
        replicas: 4,
        gpusEach: 2,
      },
    ],
  });
});

test('where the nodes see the folder elsewhere, all paths are theirs', async () => {
  const { plan, folder } = await planned({ clusterFolder: '/work', out: 'runs/x' });
  assert.deepEqual(plan.folders, ['/work', '/work/servers']);
  assert.deepEqual(plan.run.slice(2), ['run', '/work/set.yaml', '--take-over', '--out', '/work/runs/x']);
  assert.ok(!JSON.stringify(plan).includes(folder));
  await assert.rejects(planned({ clusterFolder: '/work', out: '/elsewhere/x' }), { code: 'ERR_USAGE' });
});

test('folders outside are shared too: run, store', async () => {
  const { plan, folder } = await planned({ out: '/scratch/x' }, { more: ['store: /fast/store'] });
  assert.deepEqual(plan.folders, [folder, join(folder, 'servers'), '/scratch', '/fast/store']);
});

test('two kinds without a number are refused; none at all is fine', async () => {
  const open = MODEL.map((line) => line.replace(', replicas: 4', ''));
  const other = MODEL.map((line) => line.replace(': servers', ': others'));
  await assert.rejects(planned({}, { models: ['  solver:', ...open, '  second:', ...other] }), {
    code: 'ERR_PIPELINE_MODEL',
    message: /no serve\.replicas of solver/,
  });
  const alone = await planned({}, { models: ['  solver:', ...open] });
  assert.equal(alone.plan.servers[0]!.replicas, null);
  const hosted = MODEL.filter((line) => !line.includes('serve: {')).map((line) =>
    line.replace('replicasFrom: servers', 'replicas: ["http://h/v1"]'),
  );
  assert.deepEqual((await planned({}, { models: ['  solver:', ...hosted] })).plan.servers, []);
});

test('a run is told by its file and folder alone', async () => {
  const { plan } = await planned();
  const key = runKeyOf(plan);
  assert.match(key, /^[0-9a-f]{16}$/);
  assert.equal(runKeyOf({ ...plan, version: '9', servers: [], run: [...plan.run, '--set', 'limit=1'] }), key);
  assert.notEqual(runKeyOf({ ...plan, run: [...plan.run, '--out', '/x'] }), key);
  assert.notEqual(runKeyOf({ ...plan, cwd: '/x' }), key);
});

// A real Prometheus reads a run on the bundled model; what it answers is compared with what the run wrote.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ROOT, readJson, startCommand, testFolder, until, writeQuickstart } from './command.mjs';

const folder = testFolder();
const children = [];
const LIMIT = 40;

let prometheusUrl;
let page;
let report;
let performance;

before(async () => {
  const file = writeQuickstart(folder, LIMIT);
  // So that there is a cost to show.
  const priced = [
    '--set',
    'models.tiny.price={ currency: USD, in: 1, out: 2 }',
    '--set',
    'models.tiny.gpus=1',
  ];
  const args = ['--out', join(folder, 'run'), '--metrics', '0', ...priced];
  const run = startCommand(['run', file, ...args], { cwd: folder });
  children.push(run.child);
  const said = () => `the run, which said:\n${run.said}`;
  const url = await until(() => /^Metrics at (\S+)\.$/m.exec(run.said)?.[1], said);
  prometheusUrl = await startPrometheus(url);
  await until(async () => (await query('scalequest_step_rows_in_total')).length > 0, said);
  page = await (await fetch(url)).text();
  assert.equal(await run.ended, 0, run.said);
  report = readJson(folder, 'run', 'report.json');
  performance = readJson(folder, 'run', 'performance.json');
});

after(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

async function startPrometheus(target) {
  const port = await freePort();
  const config = join(folder, 'prometheus.yaml');
  const job = { job_name: 'scalequest', static_configs: [{ targets: [new URL(target).host] }] };
  // JSON is YAML.
  writeFileSync(config, JSON.stringify({ global: { scrape_interval: '200ms' }, scrape_configs: [job] }));
  const child = spawn(
    'prometheus',
    [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(folder, 'tsdb')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { stdio: 'ignore' },
  );
  children.push(child);
  await new Promise((resolve, reject) => {
    child.on('spawn', resolve);
    child.on('error', (error) =>
      reject(new Error('found no prometheus. On Debian: apt-get install prometheus', { cause: error })),
    );
  });
  return `http://127.0.0.1:${port}`;
}

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** The series that Prometheus answers with; none while it starts. */
async function query(expression) {
  const url = `${prometheusUrl}/api/v1/query?${new URLSearchParams({ query: expression })}`;
  const response = await fetch(url).catch(() => null);
  if (!response || response.status === 503) return [];
  const answer = await response.json();
  assert.equal(answer.status, 'success', `${expression}: ${answer.error}`);
  return answer.data.result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }));
}

/** The last value that Prometheus saw of a metric, by one of its labels. */
async function lastOf(name, label) {
  const series = await query(`last_over_time(${name}[10m])`);
  return Object.fromEntries(series.map(({ labels, value }) => [label ? labels[label] : name, value]));
}

test('promtool finds nothing to complain of in the page', () => {
  const { status, stdout, stderr: said } = spawnSync('promtool', ['check', 'metrics'], { input: page });
  assert.deepEqual([status, `${stdout}`, `${said}`], [0, '', '']);
});

test('Prometheus has the rows of the report', async () => {
  assert.equal(report.rowsIn, LIMIT);
  for (const [name, rows] of [
    ['scalequest_source_rows_total', report.rowsIn],
    ['scalequest_kept_rows_total', report.rowsKept],
    ['scalequest_committed_rows_total', report.rowsKept],
  ])
    assert.deepEqual(await lastOf(name), { [name]: rows });
});

test('Prometheus has the funnel of the report', async () => {
  const sum = (counts) => Object.values(counts).reduce((total, count) => total + count, 0);
  const funnel = (take) => Object.fromEntries(report.funnel.map((step) => [step.step, take(step)]));
  for (const [name, take] of [
    ['rows_in', ({ rowsIn }) => rowsIn],
    ['rows_kept', ({ kept }) => kept],
    ['rows_dropped', ({ dropped }) => sum(dropped)],
    ['rows_rejected', ({ rejected }) => sum(rejected)],
  ])
    assert.deepEqual(await lastOf(`scalequest_step_${name}_total`, 'step'), funnel(take), name);
});

test('Prometheus has the reasons of the report, and the durations of all requests', async () => {
  const reasons = report.funnel.flatMap(({ step, dropped, rejected }) =>
    [dropped, rejected].flatMap((counts) =>
      Object.entries(counts).map(([reason, rows]) => [`${step} ${reason}`, rows]),
    ),
  );
  assert.ok(reasons.length > 0);
  const series = await query('last_over_time(scalequest_step_lost_rows_total[10m])');
  const told = series.map(({ labels, value }) => [`${labels.step} ${labels.reason}`, value]);
  assert.deepEqual(new Map(told.toSorted()), new Map(reasons.toSorted()));
  const name = 'scalequest_model_request_duration_seconds';
  assert.deepEqual(await lastOf(`${name}_count`, 'model'), { tiny: performance.models.tiny.requests });
  const [half] = await query(`histogram_quantile(0.5, last_over_time(${name}_bucket[10m]))`);
  assert.ok(half.value > 0 && half.value < 250, `${half.value}`);
});

test('Prometheus has the requests and tokens of the models as performance.json has them', async () => {
  const { tiny } = performance.models;
  assert.ok(tiny.requests > LIMIT);
  for (const [name, value] of [
    ['requests_total', tiny.requests],
    ['retries_total', tiny.retries],
    ['failures_total', tiny.failures],
    ['store_hits_total', tiny.storeHits],
    ['prompt_tokens_total', tiny.promptTokens],
    ['completion_tokens_total', tiny.completionTokens],
  ])
    assert.deepEqual(await lastOf(`scalequest_model_${name}`, 'model'), { tiny: value }, name);
});

test('Prometheus saw the run flow and finish', async () => {
  const seen = async (phase) => {
    const [series] = await query(`max_over_time(scalequest_run_phase{phase="${phase}"}[10m])`);
    return series?.value;
  };
  assert.deepEqual([await seen('flowing'), await seen('finished'), await seen('failed')], [1, 1, 0]);
  const last = await lastOf('scalequest_run_phase', 'phase');
  assert.deepEqual(last, { starting: 0, flowing: 0, training: 0, finished: 1, failed: 0 });
});

/** The run has no target, servers elsewhere, thoughts, chain or training. */
const ABSENT = [
  ...['scalequest_target_rows', 'scalequest_replica_', 'scalequest_model_reasoning_tokens'],
  ...['scalequest_chain_', 'scalequest_training_'],
];

test('each panel of the Grafana dashboard shows something', async () => {
  const { panels } = readJson(ROOT, 'docs', 'grafana.json');
  const nowS = Date.now() / 1000;
  for (const { title, targets } of panels) {
    for (const { expr } of targets) {
      const text = expr
        .replaceAll('$__rate_interval', '2s')
        .replaceAll('$job', '.*')
        .replaceAll('$instance', '.*');
      const range = new URLSearchParams({ query: text, start: nowS - 300, end: nowS, step: 0.1 });
      const answer = await (await fetch(`${prometheusUrl}/api/v1/query_range?${range}`)).json();
      assert.equal(answer.status, 'success', `${title}: ${answer.error}`);
      if (ABSENT.some((name) => text.includes(name))) continue;
      assert.ok(answer.data.result.length > 0, `${title}: nothing for ${text}`);
    }
  }
});

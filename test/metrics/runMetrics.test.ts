import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { PACKAGE_FOLDER } from '../../src/io/files/packageFiles.js';
import { notMetered } from '../../src/metrics/meter.js';
import { RUN_METRICS } from '../../src/metrics/runMetrics.js';

const STATS = {
  ...{ requests: 7, retries: 2, failures: 1, inFlight: 3, queued: 4 },
  ...{ promptTokens: 100, completionTokens: 200, memoryPeakBytes: 0 },
  durations: { counts: [1, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4], sumS: 9.5 },
};

const READING = {
  ...notMetered(['generate']),
  facts: { pipeline: 'p', run: 'r', version: '1', startedS: 5, target: undefined, chain: undefined },
  trainings: [],
  models: { tiny: STATS },
  cost: { money: { USD: 1.5 }, gpuHours: 0.5 },
  use: { cpuS: 1, residentBytes: 2 },
};

function valueOf(name: string): unknown {
  return RUN_METRICS.find((metric) => metric.name === name)!.read(READING);
}

test('names follow Prometheus: its characters, base units, _total for all counters and nothing else', () => {
  for (const { name, type, help } of RUN_METRICS) {
    assert.match(name, /^[a-z][a-z0-9_]*$/);
    assert.equal(name.endsWith('_total'), type === 'counter', name);
    assert.doesNotMatch(name, /_(ms|milliseconds|minutes|mib|kb|percent)(_|$)/, name);
    assert.ok(name.startsWith('scalequest_') || name.startsWith('process_'), name);
    assert.match(help, /^\S.*[^.]$/, name);
  }
  assert.equal(new Set(RUN_METRICS.map(({ name }) => name)).size, RUN_METRICS.length);
});

test('the samples of a metric have its labels and no other, and each combination once', () => {
  for (const { name, labels, read } of RUN_METRICS) {
    const samples = read(READING);
    for (const { labels: of, value, suffix } of samples) {
      const own = suffix === '_bucket' ? [...labels, 'le'] : labels;
      assert.deepEqual(Object.keys(of).sort(), [...own].sort(), name);
      assert.ok(Number.isFinite(value), name);
    }
    const keys = samples.map(({ labels: of, suffix }) => JSON.stringify([of, suffix]));
    assert.equal(new Set(keys).size, samples.length, name);
  }
});

test('what there is not has no sample: a target, a store, a run', () => {
  assert.deepEqual(valueOf('scalequest_target_rows'), []);
  assert.deepEqual(valueOf('scalequest_model_store_hits_total'), []);
  const info = RUN_METRICS.find(({ name }) => name === 'scalequest_run_info')!;
  assert.deepEqual(info.read({ ...READING, facts: null }), []);
});

test('models have their counters, and wait while calls fail', () => {
  assert.deepEqual(valueOf('scalequest_model_requests_total'), [{ labels: { model: 'tiny' }, value: 7 }]);
  assert.deepEqual(valueOf('scalequest_model_reasoning_tokens_total'), []);
  const thoughts = RUN_METRICS.find(({ name }) => name === 'scalequest_model_reasoning_tokens_total')!;
  const counted = { tiny: { ...STATS, reasoningTokens: 5 } };
  assert.deepEqual(thoughts.read({ ...READING, models: counted }), [{ labels: { model: 'tiny' }, value: 5 }]);
  const waiting = RUN_METRICS.find(({ name }) => name === 'scalequest_model_waiting')!;
  const models = { a: STATS, b: { ...STATS, trouble: 'refused' } };
  const values = waiting.read({ ...READING, models }).map(({ value }) => value);
  assert.deepEqual(values, [0, 1]);
});

test('servers are told apart by host and port, without what else stands in an address', () => {
  const replica = {
    ...({ state: 'closed', limit: 8, outstanding: 5, inFlight: 2, requests: 9, failures: 1 } as const),
    ...{ promptTokens: 10, completionTokens: 20 },
  };
  const models = {
    m: {
      ...STATS,
      replicas: [
        { ...replica, url: 'http://me:secret@gpu7:8000/v1?key=secret' },
        { ...replica, url: 'http://gpu8:8000/v1', state: 'ejected' as const },
      ],
    },
  };
  const of = (name: string): object[] =>
    RUN_METRICS.find((metric) => metric.name === name)!.read({ ...READING, models });
  assert.deepEqual(of('scalequest_replica_available'), [
    { labels: { model: 'm', replica: 'gpu7:8000' }, value: 1 },
    { labels: { model: 'm', replica: 'gpu8:8000' }, value: 0 },
  ]);
  const all = RUN_METRICS.flatMap(({ read }) => read({ ...READING, models }));
  assert.ok(!JSON.stringify(all).includes('secret'));
});

test('each expression of the Grafana dashboard names metrics that there are', () => {
  const text = readFileSync(join(PACKAGE_FOLDER, 'docs', 'grafana.json'), 'utf8');
  const dashboard = JSON.parse(text) as { panels: { targets?: { expr: string }[] }[] };
  const expressions = dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
  assert.ok(expressions.length >= 10);
  const names = new Set(RUN_METRICS.map(({ name }) => name));
  for (const expression of expressions) {
    const found = expression.match(/\b(scalequest|process)_\w+/g) ?? [];
    assert.ok(found.length > 0, expression);
    for (const name of found)
      assert.ok(names.has(name.replace(/_(bucket|sum|count)$/, '')), `${name} in ${expression}`);
  }
});

test('what models have cost is told by currency, and the time of GPUs in seconds; nothing where there is no price', () => {
  assert.deepEqual(valueOf('scalequest_cost_total'), [{ labels: { currency: 'USD' }, value: 1.5 }]);
  assert.deepEqual(valueOf('scalequest_gpu_seconds_total'), [{ labels: {}, value: 1800 }]);
  const free = { ...READING, cost: { money: {}, gpuHours: null } };
  for (const name of ['scalequest_cost_total', 'scalequest_gpu_seconds_total'])
    assert.deepEqual(RUN_METRICS.find((metric) => metric.name === name)!.read(free), []);
});

test('durations are a histogram of Prometheus: each bucket holds those before it, the last one all', () => {
  const samples = RUN_METRICS.find(({ name }) => name === 'scalequest_model_request_duration_seconds')!.read(
    READING,
  );
  const buckets = samples.filter(({ suffix }) => suffix === '_bucket');
  assert.deepEqual(
    buckets.slice(0, 3).map(({ labels, value }) => [labels['le'], value]),
    [
      ['0.05', 1],
      ['0.1', 1],
      ['0.25', 3],
    ],
  );
  assert.deepEqual(
    samples.slice(-3).map(({ labels, value, suffix }) => [labels['le'], value, suffix]),
    [
      ['+Inf', 7, '_bucket'],
      [undefined, 9.5, '_sum'],
      [undefined, 7, '_count'],
    ],
  );
});

test('lost rows are told by step and reason, a link by its chain, a training by what it reported', () => {
  const lost = [{ step: 'generate', kind: 'rejected', reason: 'ROW_LENGTH', rows: 3 } as const];
  const chain = { chain: 'loop', link: 'qft', number: 2, links: 5 };
  const metrics = { loss: 0.5, broken: NaN };
  const training = { kind: 'training', label: 'sft', isEnded: false, metrics, lossFirst: 1 } as const;
  const reading = { ...READING, lost, facts: { ...READING.facts, chain }, trainings: [training] };
  const of = (name: string): object[] => RUN_METRICS.find((metric) => metric.name === name)!.read(reading);
  assert.deepEqual(of('scalequest_step_lost_rows_total'), [
    { labels: { step: 'generate', kind: 'rejected', reason: 'ROW_LENGTH' }, value: 3 },
  ]);
  assert.deepEqual(of('scalequest_chain_link_info'), [{ labels: { chain: 'loop', link: 'qft' }, value: 1 }]);
  assert.deepEqual(of('scalequest_chain_link_number'), [{ labels: {}, value: 2 }]);
  assert.deepEqual(of('scalequest_chain_links'), [{ labels: {}, value: 5 }]);
  assert.deepEqual(of('scalequest_training_value'), [
    { labels: { training: 'sft', name: 'loss' }, value: 0.5 },
  ]);
});

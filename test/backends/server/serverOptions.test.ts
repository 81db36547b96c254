import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import {
  listedOptions,
  checkServers,
  describeServed,
  extraOption,
  loadOptions,
} from '../../../src/backends/server/serverOptions.js';

const options = z
  .strictObject({ ...listedOptions('/score'), ...loadOptions, extra: extraOption(['model'], 'More.') })
  .superRefine(checkServers);
const SERVER = { replicas: ['http://h/v1'], model: 'm' };

const faultOf = (changes: object): string =>
  options.safeParse({ ...SERVER, ...changes }).error?.issues[0]?.message ?? 'none';

test('the defaults', () => {
  assert.deepEqual(options.parse(SERVER), {
    ...SERVER,
    ...{ requestsInFlightMax: 2048, timeoutMs: 600_000, retriesMax: 5, busyMs: 600_000, extra: {} },
  });
});

test('a url must be a bare base of the API, once', () => {
  for (const [url, fault] of [
    ['h:8000', /http:\/\/ or https:\/\//],
    ['//h', /expected a url/],
    ['http://u:p@h/v1', /without user and password/],
    ['http://h/v1?a=b', /without \? and #/],
    ['http://h/score/', /without \/score/],
    ['http://h/v1', /none/],
  ] as const) {
    assert.match(faultOf({ replicas: [url] }), fault, url);
  }
  assert.match(faultOf({ replicas: ['http://h', 'http://h'] }), /each url once/);
});

test('the servers are listed in one way', () => {
  assert.match(faultOf({ replicas: undefined }), /^expected the urls of the servers, or replicasFrom/);
  assert.equal(faultOf({ replicas: undefined, replicasFrom: 'servers.txt' }), 'none');
  assert.equal(faultOf({ replicasFrom: 'servers.txt' }), 'expected either replicas or replicasFrom');
  const serve = { command: ['vllm'] };
  const given = { replicas: undefined, replicasFrom: 'servers.txt', serve };
  assert.equal(faultOf(given), 'expected either serve or replicasFrom');
});

test('servers on a cluster list themselves, and take the port that they are given', () => {
  const serve = { command: ['vllm', '{port}'], on: 'cluster', replicas: 3, gpusEach: 0 };
  const listed = { replicas: undefined, replicasFrom: 'servers' };
  assert.equal(faultOf({ ...listed, serve }), 'none');
  assert.match(faultOf({ serve }), /^expected replicasFrom beside on: cluster/);
  assert.match(faultOf({ ...listed, serve: { ...serve, gpus: [0] } }), /^expected gpusEach in place of gpus/);
  assert.match(faultOf({ ...listed, serve: { ...serve, command: ['vllm'] } }), /^expected \{port\} in it/);
  assert.equal(faultOf({ serve: { ...serve, on: 'here' } }), 'expected on: cluster beside replicas');
});

test('serve starts one server', () => {
  const serve = { command: ['vllm'] };
  assert.equal(faultOf({ serve }), 'none');
  assert.match(faultOf({ serve, replicas: ['http://a', 'http://b'] }), /expected one replica with serve/);
});

test('extra fields are any JSON but what the framework sets', () => {
  assert.match(faultOf({ extra: { model: 'x' } }), /^model is set by the steps/);
  assert.equal(faultOf({ extra: { top_k: [20, null] } }), 'none');
});

test('the description of servers says where they are and whether the run starts them', () => {
  const { servers } = describeServed(
    options.parse({ ...SERVER, serve: { command: ['vllm'] }, apiKeyEnv: 'K' }),
  );
  assert.deepEqual(servers, {
    ...{
      replicas: ['http://h/v1'],
      replicasFrom: undefined,
      model: 'm',
      apiKeyEnv: 'K',
      isManaged: true,
      timeoutMs: 600_000,
    },
  });
});

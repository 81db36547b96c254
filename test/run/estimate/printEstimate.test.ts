import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PipelineEstimate } from '../../../src/run/estimate/estimatePipeline.js';
import { printEstimate } from '../../../src/run/estimate/printEstimate.js';

const exactly = (mean: number) => ({ mean, low: mean, high: mean });
const between = (low: number, mean: number, high: number) => ({ mean, low, high });

const ESTIMATE: PipelineEstimate = {
  basis: { from: 'runs/pilot', rows: 50, isDone: false },
  ...{ rowsIn: exactly(1000), rowsKept: between(400, 500, 600), requests: between(900, 1000, 1100) },
  ...{ tokens: exactly(1e6), money: { USD: between(1, 2, 3) }, unknown: { own: 'it has no price' } },
  ...{ hours: between(0.5, 1, 2), gpuHours: exactly(8), memoryMiB: { deduplicate: 12 } },
  ...{ runBytes: 2 ** 21, storeBytes: 2 ** 31 },
  steps: [
    {
      ...{ step: 'ask', rowsIn: exactly(1000), kept: exactly(500) },
      models: { m: { requests: exactly(1000), promptTokens: exactly(2e5), completionTokens: exactly(8e5) } },
    },
    { ...{ step: 'filter', rowsIn: exactly(500), kept: exactly(500) }, models: {} },
  ],
  servers: [
    { models: ['m'], servers: 2, hours: exactly(0.9), serversEnough: 9, isFull: true },
    { models: ['own'], servers: 1, hours: exactly(0.1), serversEnough: 1, isFull: false },
  ],
};

test('an estimate has its steps, servers and totals, with intervals where there is chance', () => {
  assert.deepEqual(printEstimate('set', ESTIMATE).split('\n'), [
    'Estimate of set, from 50 rows of runs/pilot, whose run is not finished; 95 % of the draws lie between the two numbers in brackets',
    '',
    'step    rows in  kept  model  requests  tokens in  tokens out',
    'ask       1,000   500  m         1,000    200,000     800,000',
    'filter      500   500  –             –          –           –',
    '',
    'servers of  servers  busy, h  enough',
    'm                 2      0.9       9  the bottleneck',
    'own               1      0.1       1  were never full, may be faster',
    '',
    'rows      1,000 of the source, 500 [400 … 600] kept',
    'requests  1,000 [900 … 1,100]',
    'tokens    1,000,000',
    'hours     1.00 [0.5 … 2.00]',
    'GPU hours 8.00',
    'money     2.00 USD [1.00 … 3.00] and what own costs (it has no price)',
    'memory    deduplicate 12 MiB',
    'disk      run 2.00 MiB, store about 2.00 GiB',
  ]);
});

test('hours that nobody states are unknown, and a run that costs nothing says so', () => {
  const { unknown: _, servers, ...rest } = ESTIMATE;
  const idle = servers.map((each) => ({ ...each, hours: exactly(0) }));
  const text = printEstimate('set', {
    ...rest,
    unknown: {},
    servers: idle,
    money: {},
    basis: { from: null, rows: 0, isDone: true },
  });
  assert.match(text, /from what the file states\n/);
  assert.match(text, /^hours {5}unknown: state/m);
  assert.match(text, /^money {5}nothing$/m);
});

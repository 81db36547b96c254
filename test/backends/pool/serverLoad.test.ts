import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { metricsPage } from '../../../bench/endpoint/metrics.js';
import { readServerLoad } from '../../../src/backends/pool/serverLoad.js';

const RUNNING = 'vllm:num_requests_running';
const WAITING = 'vllm:num_requests_waiting';
const GAUGES = { running: 7, waiting: 3, kvTokens: 500, preemptions: 2 };

describe('readServerLoad', () => {
  for (const flavour of ['vllm', 'sglang', 'llamacpp'] as const) {
    it(`reads ${flavour}'s page`, () => {
      const page = metricsPage(flavour, 'true', GAUGES, 1000, 'm');
      assert.deepEqual(readServerLoad(page), { running: 7, waiting: 3 });
    });
  }

  it('reads SGLang’s names with an underscore', () => {
    const page = 'sglang_num_running_reqs{tp_rank="0"} 7.0\nsglang_num_queue_reqs{tp_rank="0"} 3.0\n';
    assert.deepEqual(readServerLoad(page), { running: 7, waiting: 3 });
  });

  it('adds the engines of one server up', () => {
    const page = [0, 1, 2]
      .map((engine) => `${RUNNING}{engine="${engine}"} ${10 + engine}\n${WAITING}{engine="${engine}"} 2.0\n`)
      .join('');
    assert.deepEqual(readServerLoad(page), { running: 33, waiting: 6 });
  });

  it('reads samples with and without labels, with a time, with other line ends and numbers', () => {
    const pages = [
      `${RUNNING} 7\n${WAITING} 3\n`,
      `${RUNNING} 7\n${WAITING} 3`,
      `${RUNNING}\t7.0 1700000000000\r\n${WAITING}  3e0 1700000000000\r\n`,
      `${RUNNING}{} 7\n${WAITING} {a="b"} 3\n`,
      `${RUNNING}{a="x} 1 {",b="\\"} 2"} 7 # {trace="t"} 1\n${WAITING}{a="${WAITING} 9"} 3\n`,
    ];
    for (const page of pages) assert.deepEqual(readServerLoad(page), { running: 7, waiting: 3 }, page);
  });

  it('takes neither comments nor metrics of similar names for samples', () => {
    const page = [
      `# HELP ${RUNNING} Number of requests\n# TYPE ${RUNNING} gauge\n# ${RUNNING} 99`,
      `${RUNNING}_total 50\nmy_${RUNNING} 60\nmy ${RUNNING} 70\n${RUNNING} 7`,
      `${WAITING}_by_reason{reason="capacity"} 80\n${WAITING} 3\n`,
    ].join('\n');
    assert.deepEqual(readServerLoad(page), { running: 7, waiting: 3 });
  });

  it('says nothing where a value is no count', () => {
    for (const value of ['NaN', '+Inf', '-Inf', '-1', 'seven', '']) {
      assert.equal(readServerLoad(`${RUNNING} ${value}\n${WAITING} 3\n`), null, value);
      assert.equal(readServerLoad(`${RUNNING}{e="0"} 7\n${RUNNING}{e="1"} ${value}\n${WAITING} 3\n`), null);
    }
  });

  it('says nothing where a gauge is missing', () => {
    for (const page of ['', '\n', 'up 1\n', '<html></html>', `${RUNNING} 7\n`, `${WAITING} 3\n`]) {
      assert.equal(readServerLoad(page), null, page);
    }
    assert.equal(readServerLoad(`${RUNNING} 7\nsglang:num_queue_reqs 3\n`), null);
  });

  it('reads of a page that breaks off all or nothing, but for the digits of its last number', () => {
    const page = metricsPage('vllm', 'true', GAUGES, 1000, 'm');
    const firstAt = page.indexOf('\n', page.indexOf(`\n${WAITING}`) + 1);
    for (let end = 0; end <= page.length; end++) {
      const expected = end < firstAt ? null : { running: 7, waiting: 3 };
      assert.deepEqual(readServerLoad(page.slice(0, end)), expected, `${end}`);
    }
  });
});

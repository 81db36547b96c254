import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAddress, parsePortOrAddress } from '../../src/cli/parseAddress.js';

test('host and port; without a host, this machine alone', () => {
  assert.deepEqual(parseAddress('10.0.0.5:7000'), { host: '10.0.0.5', port: 7000 });
  assert.deepEqual(parseAddress('[::1]:0'), { host: '::1', port: 0 });
  assert.deepEqual(parseAddress(':7000'), { host: '127.0.0.1', port: 7000 });
});

test('anything else is said', () => {
  for (const text of ['7000', 'host', 'host:', 'host:70000', '::1:7000', 'a:b:1'])
    assert.throws(() => parseAddress(text), /expected host:port/, text);
});

test('a port alone is one of this machine', () => {
  assert.deepEqual(parsePortOrAddress('9464'), { host: '127.0.0.1', port: 9464 });
  assert.deepEqual(parsePortOrAddress('0.0.0.0:9464'), { host: '0.0.0.0', port: 9464 });
  for (const text of ['70000', '', '-1', 'host']) assert.throws(() => parsePortOrAddress(text), /host:port/);
});

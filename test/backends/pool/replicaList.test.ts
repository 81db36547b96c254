import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  type ListedReplicas,
  type ReplicaList,
  followReplicas,
  loadReplicas,
  parseReplicas,
} from '../../../src/backends/pool/replicaList.js';
import { baseUrlFault } from '../../../src/backends/server/serverOptions.js';
import { simulatedClock } from '../../helpers/simulatedClock.js';

const fileAt = (path: string): ReplicaList => ({ path, faultOf: baseUrlFault, toUrl: (url) => url });

test('a line is a url; empty lines, remarks and a second mention count nothing', () => {
  const text =
    '# ours\n\nhttp://a:1/v1\r\n  http://b:1/v1  # rack 2\nhttp://a:1/v1\n\tnode7:8000\nhttp://u:p@c/v1';
  assert.deepEqual(parseReplicas(text, fileAt('x')), {
    urls: ['http://a:1/v1', 'http://b:1/v1'],
    faults: [
      { line: 6, message: 'found node7:8000, expected http:// or https://' },
      { line: 7, message: 'found http://u:p@c/v1, expected a url without user and password; use apiKeyEnv' },
    ],
  });
});

test('at first a file may be missing, but must not be wrong', () => {
  const folder = mkdtempSync(join(tmpdir(), 'scalequest-replicas-'));
  const path = join(folder, 'servers.txt');
  assert.deepEqual(loadReplicas('m', fileAt(path)), []);
  writeFileSync(path, 'http://a:1/v1\nhere\n');
  assert.throws(() => loadReplicas('m', fileAt(path)), {
    code: 'ERR_MODEL_LOAD',
    message: new RegExp(
      `model m: ${path}:2: found here, expected a url.*; expected the base of a server’s API`,
    ),
  });
  assert.throws(() => loadReplicas('m', fileAt(folder)), { message: /m: a file of \/.*: found here/ });
  writeFileSync(path, 'http://b:1/v1');
  writeFileSync(join(folder, 'a.url'), 'http://a:1/v1\n');
  writeFileSync(join(folder, '.a.url.tmp'), 'http://a:1/v');
  assert.deepEqual(loadReplicas('m', fileAt(folder)), ['http://a:1/v1', 'http://b:1/v1']);
  const below = join(path, 'x');
  assert.throws(() => loadReplicas('m', fileAt(below)), { code: 'ERR_MODEL_LOAD', message: /cannot read/ });
  rmSync(folder, { recursive: true });
});

test('a list counts once it stands still; what cannot be read leaves the one before', async () => {
  const clock = simulatedClock();
  const closing = new AbortController();
  const texts: (string | null)[] = [
    ...['http://a/v1\n', 'http://a/v1\n', 'http://a/v1\nhttp://b', 'http://a/v1\nhttp://b/v1\n'],
    ...[
      'http://a/v1\nhttp://b/v1\n',
      null,
      null,
      '',
      'http://c/v1\n',
      'http://c/v1\n',
      '',
      '',
      'oops\nhttp://d/v1',
    ],
  ];
  const seen: ListedReplicas[] = [];
  const read = async (): Promise<string> => {
    const text = texts.length > 1 ? texts.shift() : texts[0];
    if (text === null || text === undefined) throw new Error('gone');
    return text;
  };
  const following = followReplicas(fileAt('x'), { clock, signal: closing.signal, read }, (listed) =>
    seen.push(listed),
  );
  await clock.until(clock.sleep(10_000));
  assert.deepEqual(
    seen.map(({ urls }) => urls),
    [['http://a/v1'], ['http://a/v1', 'http://b/v1'], ['http://c/v1'], [], ['http://d/v1']],
  );
  assert.equal(seen.at(-1)!.faults.length, 1);
  closing.abort();
  await following;
});

import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import {
  type KeepServerOptions,
  type KeptServerEvent,
  keepServer,
} from '../../../src/backends/server/keepServer.js';
import { exitCodeOf } from '../../../src/cli/exitCodes.js';
import { type Clock, systemClock } from '../../../src/clock.js';
import { ScaleQuestError } from '../../../src/errors.js';

const folder = mkdtempSync(join(tmpdir(), 'scalequest-serve-'));
after(() => rmSync(folder, { recursive: true }));

/** Answers /v1/models, and ends where it is asked for anything else. */
const SERVER =
  "require('http').createServer((q, r) => q.url === '/v1/models' ? r.end('{}') : process.exit(3)).listen(+process.argv[1], '127.0.0.1')";

function begin(changes: Partial<KeepServerOptions> = {}, clock: Clock = systemClock) {
  const stopping = new AbortController();
  const events: KeptServerEvent[] = [];
  let told: () => void = () => undefined;
  const serving = keepServer(
    {
      folder: join(folder, 'servers'),
      command: [process.execPath, '-e', SERVER, '{port}'],
      ...{ host: '127.0.0.1', startTimeoutMs: 30_000, signal: stopping.signal },
      onEvent(event) {
        events.push(event);
        told();
      },
      ...changes,
    },
    { env: process.env, clock },
  );
  async function heard(kind: KeptServerEvent['event'], count = 1): Promise<void> {
    while (events.filter(({ event }) => event === kind).length < count)
      await new Promise<void>((resolve) => (told = resolve));
  }
  return { serving, stopping, events, heard };
}

test('a server is listed while it answers, started again when it ends, and leaves the list when it is stopped', async () => {
  const servers = join(folder, 'servers');
  mkdirSync(servers);
  // The first was left by a command that was killed with its server; the other belongs to another machine.
  writeFileSync(join(servers, '127.0.0.1-1.url'), 'http://127.0.0.1:1/v1\n');
  writeFileSync(join(servers, 'far-1.url'), 'http://far:1/v1\n');
  const { serving, stopping, events, heard } = begin();
  await heard('listed');
  const listed = readdirSync(servers).filter((name) => name !== 'far-1.url');
  assert.equal(listed.length, 1);
  const url = readFileSync(join(servers, listed[0]!), 'utf8').trim();
  assert.match(url, /^http:\/\/127\.0\.0\.1:\d+\/v1$/);
  await fetch(`${url.slice(0, -3)}/end`).catch(() => undefined);
  await heard('ended');
  assert.ok(!existsSync(join(servers, listed[0]!)));
  const [ended] = events.filter(({ event }) => event === 'ended');
  assert.match(ended!.event === 'ended' ? ended!.message : '', /exited with code 3\. The end of its log/);
  await heard('listed', 2);
  stopping.abort();
  await serving;
  assert.deepEqual(readdirSync(servers), ['far-1.url']);
});

test('five starts in a row that come to nothing are enough, and the command ends with 4', async () => {
  const waitsMs: number[] = [];
  const clock: Clock = {
    ...systemClock,
    sleep(ms, signal) {
      if (ms >= 1000) waitsMs.push(ms);
      return systemClock.sleep(Math.min(ms, 20), signal);
    },
  };
  const command = [process.execPath, '-e', "console.error('no GPU here'); process.exit(3)"];
  const { serving, events } = begin({ command }, clock);
  await assert.rejects(serving, (error) => {
    assert.ok(error instanceof ScaleQuestError);
    assert.match(error.message, /exited with code 3\. The end of its log:\nno GPU here/);
    assert.equal(exitCodeOf(error.code), 4);
    return true;
  });
  const ended = events.flatMap((event) => (event.event === 'ended' ? [event.againInMs] : []));
  assert.deepEqual(ended, [1000, 2000, 4000, 8000]);
  assert.deepEqual(waitsMs, ended);
});

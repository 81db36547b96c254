import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { ScaleQuestError } from '../../../src/errors.js';
import { readWhole } from '../../../src/io/files/files.js';
import { type HubAccess, type HubPin, hubOf } from '../../../src/io/hub/hubAccess.js';
import { openHubDataset } from '../../../src/io/hub/hubDataset.js';
import { type ReadHubServer, addSet, startReadHubServer } from '../../helpers/readHubServer.js';

const FILES = {
  'README.md': 'A set.',
  'data/a b.jsonl': '{"question":"Why?"}\n',
  'data/c.jsonl': 'x'.repeat(9000),
};
const MAIN = { dataset: 'me/set', revision: 'main' };

async function hub(t: TestContext): Promise<ReadHubServer> {
  const server = await startReadHubServer();
  t.after(() => server.close());
  addSet(server, 'me/set', FILES);
  return server;
}

/** Waits take no time; they are noted. */
function accessTo({ url }: ReadHubServer, token?: string, more: Partial<HubAccess> = {}) {
  const waits: number[] = [];
  const clock = {
    nowMs: () => 0,
    sleep: async (ms: number): Promise<void> => void waits.push(ms),
  };
  const env = { HF_ENDPOINT: url, ...(token === undefined ? {} : { HF_TOKEN: token }) };
  return { access: { ...hubOf(env, { clock }), ...more }, waits };
}

function errorOf(work: Promise<unknown>): Promise<ScaleQuestError> {
  return work.then(
    () => assert.fail('expected an error'),
    (error: unknown) => error as ScaleQuestError,
  );
}

test('files are listed page by page, and read by ranges at one commit, whatever their names', async (t) => {
  const server = await hub(t);
  const set = await openHubDataset(MAIN, accessTo(server).access);
  assert.deepEqual(await set.list(), Object.keys(FILES));
  assert.equal(set.commit, 'a'.repeat(40));
  const name = set.nameOf('data/c.jsonl');
  assert.equal(name, 'hf://datasets/me/set@aaaaaaaaaaaa/data/c.jsonl');
  const file = await set.files.open(name, 'read');
  assert.equal((await file.read(8990, 100)).length, 10);
  assert.equal((await file.read(9000, 100)).length, 0);
  assert.equal(server.bytesSent, 10);
  const whole = await readWhole(set.files, set.nameOf('data/a b.jsonl'));
  assert.equal(Buffer.from(whole).toString(), FILES['data/a b.jsonl']);
  assert.ok(server.requests.every((request) => !request.includes('/resolve/main/')));
});

test('the commit that was first read is read again, also after the branch has moved', async (t) => {
  const server = await hub(t);
  let kept: string | null = null;
  const pin: HubPin = { read: async () => kept, write: async (commit) => void (kept = commit) };
  const { access } = accessTo(server, undefined, { pin });
  const first = await openHubDataset(MAIN, access);
  addSet(server, 'me/set', { 'other.jsonl': 'moved' }, { commit: 'b'.repeat(40) });
  const again = await openHubDataset(MAIN, access);
  assert.deepEqual([first.commit, again.commit, kept], Array(3).fill('a'.repeat(40)));
  assert.deepEqual(await again.list(), Object.keys(FILES));
  const moved = await openHubDataset(MAIN, accessTo(server).access);
  assert.deepEqual(await moved.list(), ['other.jsonl']);
  assert.equal((await openHubDataset({ ...MAIN, revision: 'c'.repeat(40) }, access)).commit, first.commit);
});

test('a private set needs the token; what is refused says what to do, without the token', async (t) => {
  const server = await hub(t);
  addSet(server, 'me/private', FILES, { access: 'private' });
  addSet(server, 'me/gated', FILES, { access: 'gated' });
  const open = (dataset: string, token?: string) =>
    openHubDataset({ ...MAIN, dataset }, accessTo(server, token).access);
  const read = async (token?: string): Promise<unknown> => {
    const set = await open('me/gated', token);
    await set.list();
    return readWhole(set.files, set.nameOf('README.md'));
  };
  assert.equal((await open('me/private', server.token)).commit, 'a'.repeat(40));

  const wrong = 'hf_wrongtoken987654321';
  const cases: [Promise<unknown>, RegExp][] = [
    [
      open('me/private'),
      /me\/private at main: found 401 RepoNotFound .*expected a public data set.*set HF_TOKEN/,
    ],
    [open('me/private', wrong), /found 401 InvalidToken .*expected a token that the hub knows/],
    [open('me/none', server.token), /found 404 RepoNotFound .*expected a data set with that revision/],
    [
      openHubDataset({ ...MAIN, revision: 'v9' }, accessTo(server).access),
      /set at v9: found 404 RevisionNotFound/,
    ],
    [read(server.token), /found 403 GatedRepo .*Ask for it on the page of the data set/],
    [read(), /found 401 GatedRepo .*Ask for it .*, and set HF_TOKEN/],
  ];
  for (const [work, message] of cases) {
    const error = await errorOf(work);
    assert.equal(error.code, 'ERR_HUB_REFUSED');
    assert.match(error.message, message);
    assert.ok(![wrong, server.token].some((token) => error.message.includes(token)));
  }
});

test('what may pass is asked again, as late as the hub says; else the error says why', async (t) => {
  const server = await hub(t);
  const { access, waits } = accessTo(server);
  let refusals = 3;
  server.fault = () => (refusals-- > 0 ? 429 : undefined);
  assert.equal((await openHubDataset(MAIN, access)).commit, 'a'.repeat(40));
  assert.deepEqual(waits, [2000, 2000, 2000]);

  server.fault = () => 429;
  const limited = await errorOf(openHubDataset(MAIN, access));
  assert.match(
    limited.message,
    /found 429 Planted429 .*expected it to take more requests. Wait, or set HF_TOKEN/,
  );
  server.fault = () => 'cut';
  assert.equal((await errorOf(openHubDataset(MAIN, access))).code, 'ERR_HUB_UNREACHABLE');
});

test('a range that breaks off is read again', async (t) => {
  const server = await hub(t);
  const set = await openHubDataset(MAIN, accessTo(server).access);
  await set.list();
  let cuts = 2;
  server.fault = (request) => (request.includes('/resolve/') && cuts-- > 0 ? 'cut' : undefined);
  const file = await set.files.open(set.nameOf('data/c.jsonl'), 'read');
  assert.equal((await file.read(0, 9000)).length, 9000);
});

test('a data set is not written', async (t) => {
  const { files } = await openHubDataset(MAIN, accessTo(await hub(t)).access);
  assert.throws(() => files.unlink('a'), { code: 'ERR_INVARIANT' });
  assert.equal(await files.stat('hf://datasets/me/set@aaaaaaaaaaaa/none'), null);
});

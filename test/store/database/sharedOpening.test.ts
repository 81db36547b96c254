import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Opening, type OpeningMode, shareOpening } from '../../../src/store/database/sharedOpening.js';

function opener(name: string) {
  const log: string[] = [];
  const file = { id: name as string | null };
  let opened = 0;
  const open = async (): Promise<Opening<number>> => {
    log.push(`open ${++opened}`);
    const own = opened;
    await Promise.resolve();
    return { value: own, close: async () => void log.push(`close ${own}`) };
  };
  const share = async (mode: OpeningMode = 'write'): Promise<Opening<number>> =>
    (await shareOpening(mode, async () => file.id, open))!;
  return { log, file, share };
}

test('a file is opened once, by those who come at the same moment too, and closed by the last', async () => {
  const { log, share } = opener('one');
  const all = await Promise.all([share(), share(), share()]);
  assert.deepEqual(
    all.map(({ value }) => value),
    [1, 1, 1],
  );
  await all[0]!.close();
  await all[0]!.close();
  await all[1]!.close();
  assert.deepEqual(log, ['open 1']);
  await all[2]!.close();
  assert.deepEqual(log, ['open 1', 'close 1']);
  const again = await share();
  await again.close();
  assert.deepEqual(log.slice(2), ['open 2', 'close 2']);
});

test('who reads takes an opening that writes, and never the other way round', async () => {
  const { log, share } = opener('modes');
  const reader = await share('read');
  const writer = await share('write');
  const late = await share('read');
  assert.deepEqual([reader.value, writer.value, late.value], [1, 2, 2]);
  await writer.close();
  assert.deepEqual(log, ['open 1', 'open 2']);
  await late.close();
  await reader.close();
  assert.deepEqual(log.slice(2), ['close 2', 'close 1']);
});

test('another file under the same path is another opening, and one that cannot be opened leaves nothing', async () => {
  const { file, share } = opener('before');
  const before = await share();
  file.id = 'after';
  const after = await share();
  assert.deepEqual([before.value, after.value], [1, 2]);
  const failed = shareOpening(
    'write',
    async () => 'failed',
    () => Promise.reject(new Error('full')),
  );
  await assert.rejects(failed, /full/);
  assert.equal(
    await shareOpening(
      'read',
      async () => 'failed',
      async () => null,
    ),
    null,
  );
  await Promise.all([before.close(), after.close()]);
});

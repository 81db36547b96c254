import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WorkerLink } from '../../src/workers/link.js';
import {
  type WorkerMessage,
  type CoordinatorMessage,
  keysIn,
  textsBody,
  textsIn,
  KEY_CHARS,
} from '../../src/workers/messages.js';
import { createRemoteReplies } from '../../src/workers/remoteReplies.js';

const key = (name: string): string => name.padEnd(KEY_CHARS, '.');

const soon = { sleep: () => new Promise<void>((resolve) => setImmediate(resolve)) };
const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
};

function testLink() {
  const sent: WorkerMessage[] = [];
  const link: WorkerLink<WorkerMessage, CoordinatorMessage> = {
    send: (message) => void sent.push(message),
    listen() {},
    close() {},
  };
  return { sent, link };
}

function known(numbers: readonly number[], texts: readonly (string | null)[]) {
  return { kind: 'known', numbers, ...textsBody(texts) } as const;
}

test('what is asked in a moment goes out together, and each gets its own answer', async () => {
  const replies = createRemoteReplies('store', soon);
  const { sent, link } = testLink();
  replies.attach(link);
  const [one, other] = [replies.get(key('a')), replies.get(key('b'))];
  const put = replies.put(key('c'), 'größer');
  await turns();
  assert.deepEqual(
    sent.map(({ kind }) => kind),
    ['put', 'ask'],
  );
  const [putting, asking] = sent as [
    Extract<WorkerMessage, { kind: 'put' }>,
    Extract<WorkerMessage, { kind: 'ask' }>,
  ];
  assert.deepEqual(keysIn(asking.body), [key('a'), key('b')]);
  assert.deepEqual(textsIn(putting.body, putting.bytes, KEY_CHARS), ['größer']);
  replies.take(known([...asking.numbers].reverse(), [null, 'text']));
  replies.take({ kind: 'kept', numbers: putting.numbers, ...textsBody(['first']) });
  assert.deepEqual([await one, await other, await put], ['text', undefined, 'first']);
});

test('what has no answer when the link ends is sent again, behind what this worker asks already', async () => {
  const replies = createRemoteReplies('store', soon);
  const before = testLink();
  replies.attach(before.link);
  const asked = replies.get(key('a'));
  await turns();
  replies.take(known((before.sent[0] as unknown as { numbers: number[] }).numbers, [null]));
  assert.equal(await asked, undefined);
  const open = replies.get(key('b'));
  const put = replies.put(key('c'), 'text');
  await turns();
  replies.detach();
  const early = replies.get(key('d'));
  await turns();
  const after = testLink();
  replies.attach(after.link);
  const [claim, putting, asking] = after.sent;
  assert.deepEqual([claim?.kind, putting?.kind, asking?.kind], ['claim', 'put', 'ask']);
  assert.deepEqual(keysIn((claim as { body: Uint8Array }).body), [key('a')]);
  assert.deepEqual(keysIn((asking as { body: Uint8Array }).body), [key('b'), key('d')]);
  replies.take(known((asking as unknown as { numbers: number[] }).numbers, ['b', 'd']));
  replies.take({
    kind: 'kept',
    numbers: (putting as unknown as { numbers: number[] }).numbers,
    ...textsBody([null]),
  });
  assert.deepEqual([await open, await early, await put], ['b', 'd', undefined]);
});

test('a request that failed, or whose reply is kept, is no claim any more', async () => {
  const replies = createRemoteReplies('store', soon);
  const { sent, link } = testLink();
  replies.attach(link);
  void replies.get(key('a'));
  void replies.get(key('b'));
  await turns();
  replies.take(known((sent[0] as unknown as { numbers: number[] }).numbers, [null, null]));
  replies.release(key('a'));
  assert.deepEqual(keysIn((sent[1] as { body: Uint8Array }).body), [key('a')]);
  void replies.put(key('b'), 'text');
  await turns();
  replies.take({
    kind: 'kept',
    numbers: (sent[2] as unknown as { numbers: number[] }).numbers,
    ...textsBody([null]),
  });
  const after = testLink();
  replies.attach(after.link);
  assert.deepEqual(after.sent, []);
});

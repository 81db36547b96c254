import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { RowError } from '../../../src/errors.js';
import { systemClock } from '../../../src/clock.js';
import type { CompleteRequest, ExecuteRequest, Model } from '../../../src/backends/model.js';
import { requestKeys } from '../../../src/backends/cache/requestKey.js';
import {
  type ReplyStore,
  isStoredReply,
  storedHeadOf,
  withStore,
} from '../../../src/backends/cache/stored.js';
import { nodeFiles } from '../../../src/io/files/files.js';
import { openStore } from '../../../src/store/store.js';
import { join } from 'node:path';
import { temporaryFolder } from '../../helpers/commandLine.js';
import { scriptedModel } from '../../helpers/scriptedModel.js';

const REQUEST: CompleteRequest = {
  ...{ seq: 3, message: { kind: 'user', text: 'What is 2 + 2?' }, n: 2 },
  ...{ tokensMax: 100, temperature: 0.7, topP: 1, seed: 5 },
};
const CHOOSE = { seq: 1, message: { kind: 'user', text: 'q' }, options: ['Yes', 'No'] } as const;
const SCORE = { seq: 1, items: [{ user: 'a', assistant: 'b' }] };
const EXECUTE: ExecuteRequest = {
  ...{ seq: 1, language: 'python', program: 'x', cpuSeconds: 1, memoryMiB: 64 },
  tests: { kind: 'inputs', inputs: ['1', '2'] },
};
const EMBED = { seq: 1, texts: ['a', 'b'] };

const SCRIPT = {
  complete: ({ seed }: CompleteRequest) => [
    `é "${seed}"\n\ud800`,
    { text: 'cut', finish: 'length', tokens: 7 } as const,
  ],
  choose: () => [0.1 + 0.2, 1e-300],
  score: () => [-0],
  embed: () => [
    [1 / 3, -0],
    [5e-324, 1e21],
  ],
  execute: () => [
    { isOk: true, text: '4\n' },
    { isOk: false, text: 'é "' },
  ],
};

function openTestStore(path: string) {
  const { nowMs, sleep } = systemClock;
  return openStore(path, 'test', { files: nodeFiles, nowMs, sleep });
}

function ask(model: Model) {
  return Promise.all([
    ...[model.complete(REQUEST), model.choose(CHOOSE), model.score(SCORE), model.embed(EMBED)],
    model.execute(EXECUTE),
  ]);
}

describe('withStore', () => {
  test('a thought and its tokens are kept; a reply that was kept without them has none', async () => {
    const kept = new Map<string, string>();
    const store: ReplyStore = {
      ...{ path: 'memory', count: () => {}, get: (key) => kept.get(key) },
      put: async (key, text) => void kept.set(key, text),
    };
    const thought = { reasoning: 'hm', reasoningTokens: 3 };
    const script = {
      complete: () => [
        { text: '4', tokens: 5, ...thought },
        { text: '5', tokens: 2 },
      ],
    };
    const asked = await withStore(scriptedModel(script, 'm'), store, 'id').complete(REQUEST);
    const again = withStore(scriptedModel({}, 'm'), store, 'id');
    assert.deepEqual(await again.complete(REQUEST), asked);
    assert.deepEqual(asked[0], { text: '4', finish: 'stop', tokens: 5, ...thought });
    const [key] = kept.keys();
    kept.set(
      key!,
      '["complete","m",7,[["4","stop",5,{"reasoning":"hm"}],["5","stop",2,{"reasoningTokens":-1}]]]',
    );
    assert.deepEqual(await again.complete(REQUEST), [
      { text: '4', finish: 'stop', tokens: 5, reasoning: 'hm' },
      { text: '5', finish: 'stop', tokens: 2 },
    ]);
  });

  test('a call with a record says whether the store, or an equal call in flight, answered it', async () => {
    const store = await openTestStore(join(temporaryFolder(), 'store'));
    const model = withStore(scriptedModel(SCRIPT, 'm'), store, 'id');
    const recorded = () => ({
      ...REQUEST,
      record: { tries: 0, promptTokens: 0, completionTokens: 0, isStoreHit: false },
    });
    const [first, second, third] = [recorded(), recorded(), recorded()];
    await Promise.all([model.complete(first), model.complete(second)]);
    await model.complete(third);
    assert.deepEqual(
      [first, second, third].map(({ record }) => record.isStoreHit),
      [false, true, true],
    );
    // A record is no part of what is asked.
    assert.equal(requestKeys('id').complete(first), requestKeys('id').complete(REQUEST));
    await store.close();
  });

  test('asks once, in this process and the next, and gives the same reply to the last bit', async () => {
    const path = join(temporaryFolder(), 'store');
    let embeds = 0;
    const embed = () => {
      embeds += 1;
      return SCRIPT.embed();
    };
    const asked = scriptedModel({ ...SCRIPT, embed }, 'm');
    const direct = await ask(scriptedModel(SCRIPT, 'm'));
    for (const expectedHits of [5, 10]) {
      const store = await openTestStore(path);
      const model = withStore(asked, store, 'identity');
      for (let round = 0; round < 2; round++) assert.deepStrictEqual(await ask(model), direct);
      assert.equal(model.stats().storeHits, expectedHits);
      await store.close();
    }
    const { completes, chooses, scores } = asked;
    assert.deepEqual([completes.length, chooses.length, scores.length, embeds], [1, 1, 1, 1]);
  });

  test('another identity, another seed: asked again', async () => {
    const store = await openTestStore(join(temporaryFolder(), 'store'));
    const asked = scriptedModel(SCRIPT, 'm');
    await withStore(asked, store, 'one').complete(REQUEST);
    await withStore(asked, store, 'two').complete(REQUEST);
    await withStore(asked, store, 'one').complete({ ...REQUEST, seed: 6 });
    assert.equal(asked.completes.length, 3);
    await store.close();
  });

  test('calls at once that ask the same share one request and its answer', async () => {
    const store = await openTestStore(join(temporaryFolder(), 'store'));
    let calls = 0;
    const model = withStore({ ...scriptedModel({}, 'm'), score: async () => [++calls] }, store, 'identity');
    const answers = await Promise.all([1, 2, 3].map((seq) => model.score({ ...SCORE, seq })));
    assert.deepEqual([answers, calls, model.stats().storeHits], [[[1], [1], [1]], 1, 2]);
    await store.close();
  });

  test('a call that fails stores nothing, and is asked again', async () => {
    const store = await openTestStore(join(temporaryFolder(), 'store'));
    let calls = 0;
    const failing = async (): Promise<number[]> => {
      calls += 1;
      if (calls === 1) throw new RowError('ROW_SERVER_ERROR', 'no');
      return [calls];
    };
    const model = withStore({ ...scriptedModel({}, 'm'), score: failing }, store, 'identity');
    await assert.rejects(model.score(SCORE), { code: 'ROW_SERVER_ERROR' });
    assert.deepEqual(await model.score(SCORE), [2]);
    assert.deepEqual([await model.score(SCORE), calls], [[2], 2]);
    await store.close();
  });

  test('resolves when the reply is durable and not before', async () => {
    let durable!: () => void;
    const put = new Promise<void>((resolve) => (durable = resolve));
    const store: ReplyStore = { path: 's', get: () => undefined, put: () => put, count: () => {} };
    let settled = false;
    const reply = withStore(scriptedModel(SCRIPT, 'm'), store, 'identity')
      .score(SCORE)
      .finally(() => (settled = true));
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(settled, false);
    durable();
    assert.deepEqual(await reply, [-0]);
  });

  test('a store that cannot be written or read ends the call with its error', async () => {
    const broken = new RowError('ERR_STORE_WRITE', 'full');
    const store: ReplyStore = {
      ...{ path: 's', get: () => undefined, put: () => Promise.reject(broken), count: () => {} },
    };
    const asked = scriptedModel(SCRIPT, 'm');
    await assert.rejects(withStore(asked, store, 'identity').score(SCORE), { code: 'ERR_STORE_WRITE' });
    const key = requestKeys('identity').score(SCORE);
    const bad = ['', '{}', '["score","m",0,[1,2]]', '["score","m",0,["1"]]', '["choose","m",0,[1]]', 'null'];
    for (const text of bad) {
      const get = (asking: string): string | undefined => (asking === key ? text : undefined);
      const model = withStore(asked, { ...store, get }, 'identity');
      await assert.rejects(model.score(SCORE), { code: 'ERR_STORE_DAMAGED' }, text);
    }
    assert.equal(asked.scores.length, 1);
  });

  test('replies are told from other texts, and their heads read', () => {
    const good = '["complete","m",7,[["text","stop",7]]]';
    assert.ok(isStoredReply(good) && isStoredReply('["embed","m",0,[[1]]]'));
    for (const text of ['', '[]', '["complete","m",7,[["text","halt",7]]]']) {
      assert.equal(isStoredReply(text), false);
    }
    assert.deepEqual(storedHeadOf(good), { kind: 'complete', model: 'm', tokens: 7 });
    assert.equal(storedHeadOf('["complete"]'), null);
  });
});

describe('withStore over a store of another process', () => {
  /** Answers when the test says so. */
  function otherStore() {
    const asked: { key: string; answer(text: string | undefined): void }[] = [];
    const released: string[] = [];
    const store: ReplyStore = {
      path: 'there',
      get: (key) => new Promise((answer) => asked.push({ key, answer })),
      put: async () => undefined,
      release: (key) => released.push(key),
      count() {},
    };
    return { store, asked, released };
  }

  const turn = (): Promise<void> => new Promise(setImmediate);
  const choices = (text: string): string => JSON.stringify(['complete', 'm', 3, [[text, 'stop', 3]]]);
  const ONE = { ...REQUEST, n: 1 };

  test('equal calls share one look-up, and one request where the store has no reply', async () => {
    const { store, asked } = otherStore();
    let requests = 0;
    const model = withStore(
      scriptedModel({ complete: () => [`reply ${++requests}`] }, 'm'),
      store,
      'identity',
    );
    const first = [model.complete(ONE), model.complete(ONE)];
    await turn();
    assert.equal(asked.length, 1);
    asked[0]!.answer(undefined);
    assert.deepEqual(
      (await Promise.all(first)).map(([choice]) => choice!.text),
      ['reply 1', 'reply 1'],
    );
    const later = model.complete(ONE);
    await turn();
    asked[1]!.answer(choices('kept'));
    assert.equal((await later)[0]!.text, 'kept');
    assert.deepEqual([requests, model.stats().storeHits], [1, 2]);
  });

  test('where another reply came first, it is the one that counts', async () => {
    const { store, asked } = otherStore();
    const put = async (): Promise<string> => choices('the first');
    const model = withStore(scriptedModel({ complete: () => ['mine'] }, 'm'), { ...store, put }, 'identity');
    const call = model.complete(ONE);
    await turn();
    asked[0]!.answer(undefined);
    assert.equal((await call)[0]!.text, 'the first');
  });

  test('a request that fails is released, and asked again by the next call', async () => {
    const { store, asked, released } = otherStore();
    let calls = 0;
    const complete = () => {
      calls += 1;
      if (calls === 1) throw new RowError('ROW_SERVER_ERROR', 'failed');
      return ['reply'];
    };
    const model = withStore(scriptedModel({ complete }, 'm'), store, 'identity');
    const failing = model.complete(ONE);
    await turn();
    asked[0]!.answer(undefined);
    await assert.rejects(failing, { code: 'ROW_SERVER_ERROR' });
    assert.deepEqual(released, [asked[0]!.key]);
    const next = model.complete(ONE);
    await turn();
    asked[1]!.answer(undefined);
    assert.equal((await next)[0]!.text, 'reply');
  });
});

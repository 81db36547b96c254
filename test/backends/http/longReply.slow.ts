import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openModel } from '../../../src/backends/openModel.js';
import { completionOf, startFaultServer } from '../../helpers/servers/faultServer.js';

/** Longer than the 300 s after which undici by itself gives up headers, and the next piece of a body. */
const LONG_MS = 305_000;

test(
  'a reply survives that takes longer than 300 s to begin, or to go on',
  { timeout: 2 * LONG_MS },
  async () => {
    const reply = JSON.stringify(completionOf(['late']));
    const server = await startFaultServer(({ index }, response) => {
      response.setHeader('content-type', 'application/json');
      const half = index === 0 ? 0 : reply.length >> 1;
      if (half > 0) response.write(reply.slice(0, half));
      setTimeout(() => response.end(reply.slice(half)), LONG_MS);
    });
    const openai = { replicas: [server.url], model: 'm', retriesMax: 0 };
    const deps = { env: {}, folder: '.', random: () => 0 };
    const model = await openModel('m', { openai, template: 'chatml' }, deps);
    const message = { kind: 'user', text: 'x' } as const;
    const ask = { message, n: 1, tokensMax: 8, temperature: 1, topP: 1 };
    const replies = await Promise.all([0, 1].map((seq) => model.complete({ ...ask, seq, seed: seq })));
    assert.deepEqual(
      replies.map(([choice]) => choice!.text),
      ['late', 'late'],
    );
    assert.equal(server.seen.length, 2);
    await model.close();
    await server.stop();
  },
);

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { modelSchemas } from '../../../src/backends/registry.js';
import { codeOf, openKind, serve } from '../../helpers/servers/scoreServer.js';

const STEPS = ['1 + 1 is 2.', 'So it is wrong.', 'The answer is 3.'].map((assistant) => ({
  ...{ user: '1+1?', assistant },
}));
const PRM = { stepToken: '<extra_0>' };
const ASK = { seq: 0, items: STEPS, areSteps: true };

/** Computes from the text, as vLLM answers: the two classes at each step token; a step that says “wrong” is unlikely. */
function pairsOf(body: Record<string, unknown>): number[][] {
  const messages = body['messages'] as { content: string }[];
  const steps = messages.at(-1)!.content.split('<extra_0>').slice(0, -1);
  return steps.map((step, at) => (step.includes('wrong') ? [0.9, 0.1] : [at / 8, 1 - at / 8]));
}

function replyOf(data: unknown): object {
  return {
    id: 'pool-1',
    object: 'list',
    model: 'rm',
    data: [{ index: 0, object: 'pooling', data }],
    usage: { prompt_tokens: 9 },
  };
}

describe('a process reward model over /pooling', () => {
  it('is sent the steps of a response in one dialogue, a token behind each, and gives one number a step', async () => {
    const server = await serve((body) => replyOf(pairsOf(body)));
    const model = await openKind('pooling', server.url, PRM);
    assert.deepEqual(model.can, {
      ...{ preQuery: false, choose: false, score: false, embed: false },
      scoreSteps: true,
    });
    assert.deepEqual(await model.score(ASK), [1, 0.1, 0.75]);
    assert.deepEqual(server.seen[0]!.body, {
      model: 'rm',
      messages: [
        { role: 'user', content: '1+1?' },
        {
          role: 'assistant',
          content: '1 + 1 is 2.<extra_0>So it is wrong.<extra_0>The answer is 3.<extra_0>',
        },
      ],
    });
    assert.equal(model.stats().promptTokens, 9);
  });

  it('takes the class that is named, logits as they are meant, and a single number as it is', async () => {
    const replies: unknown[] = [
      [
        [0.2, 0.8],
        [0.5, 0.5],
        [1, 0],
      ],
      [
        [-1, 1],
        [2, 2],
        [0.25, 0.75],
      ],
      [[0.3], [0.4], [0.5]],
    ];
    const server = await serve((_, index) => replyOf(replies[index]!));
    const first = await openKind('pooling', server.url, { ...PRM, classIndex: 0 });
    assert.deepEqual(await first.score(ASK), [0.2, 0.5, 1]);
    const second = await openKind('pooling', server.url, PRM);
    const [one, half, other] = await second.score(ASK);
    assert.ok(Math.abs(one! - 1 / (1 + Math.exp(-2))) < 1e-12);
    assert.equal(half, 0.5);
    assert.ok(Math.abs(other! - 1 / (1 + Math.exp(-0.5))) < 1e-12);
    assert.deepEqual(await second.score(ASK), [0.3, 0.4, 0.5]);
  });

  it('loses the row where the scores are not as many as the steps, and where one is no number', async () => {
    const replies: unknown[] = [
      [
        [0.2, 0.8],
        [0.5, 0.5],
      ],
      [
        [0.1, 0.9],
        [0.1, 0.9],
        [0.1, 0.9],
        [0.1, 0.9],
      ],
      [
        [0.1, 0.9],
        [0.1, null],
        [0.1, 0.9],
      ],
    ];
    for (const reply of replies) {
      const server = await serve(() => replyOf(reply));
      const model = await openKind('pooling', server.url, PRM);
      assert.equal(await codeOf(model.score(ASK)), 'ROW_SCORE_INVALID');
    }
  });

  it('is sent no step that holds its token', async () => {
    const server = await serve((body) => replyOf(pairsOf(body)));
    const model = await openKind('pooling', server.url, PRM);
    const items = [{ user: '1+1?', assistant: 'It is<extra_0> 2.' }];
    assert.equal(await codeOf(model.score({ seq: 0, items, areSteps: true })), 'ROW_MARKER');
    assert.equal(
      await codeOf(model.score({ seq: 0, items: [{ user: 'a<|im_end|>', assistant: '2' }], areSteps: true })),
      'ROW_MARKER',
    );
    assert.equal(server.seen.length, 0);
  });

  it('scores no whole response, and a reward model no steps', async () => {
    const server = await serve((body) => replyOf(pairsOf(body)));
    const steps = await openKind('pooling', server.url, PRM);
    assert.equal(await codeOf(steps.score({ seq: 0, items: STEPS })), 'ERR_PIPELINE_MODEL');
    const whole = await openKind('pooling', server.url);
    assert.equal(await codeOf(whole.score(ASK)), 'ERR_PIPELINE_MODEL');
    assert.equal(server.seen.length, 0);
  });

  it('has no class without steps', () => {
    const parsed = modelSchemas.pooling.safeParse({
      pooling: { replicas: ['http://h'], model: 'm', classIndex: 0 },
    });
    assert.deepEqual(parsed.error!.issues[0]!.path, ['pooling', 'classIndex']);
  });
});

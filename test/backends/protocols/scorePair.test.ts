import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PAIRS, codeOf, openKind, serve } from '../../helpers/servers/scoreServer.js';

describe('openScorePair', () => {
  it('sends questions and responses as two lists, and orders the scores by index', async () => {
    const server = await serve(() => ({
      data: [2, 0, 1].map((index) => ({ index, object: 'score', score: index / 4 })),
    }));
    const model = await openKind('scorePair', server.url);
    assert.deepEqual(await model.score({ seq: 0, items: PAIRS }), [0, 0.25, 0.5]);
    assert.equal(server.seen[0]!.path, '/score');
    assert.deepEqual(server.seen[0]!.body, {
      model: 'rm',
      text_1: ['1+1?', '1+1?', '1+1?'],
      text_2: ['2', '3', '4'],
    });
  });

  it('cannot score a question alone', async () => {
    const server = await serve(() => ({ data: [] }));
    const model = await openKind('scorePair', server.url);
    const items = [{ user: 'q', assistant: null }];
    assert.equal(await codeOf(model.score({ seq: 0, items })), 'ERR_PIPELINE_MODEL');
  });
});

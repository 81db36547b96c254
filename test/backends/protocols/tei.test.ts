import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PAIRS, codeOf, openKind, serve } from '../../helpers/servers/scoreServer.js';

describe('openTei', () => {
  it('sends pairs to /predict', async () => {
    const server = await serve(() => [0.5, 0.25, 0.125].map((score) => [{ score, label: 'LABEL_0' }]));
    const model = await openKind('tei', server.url, { extra: { raw_scores: true } });
    assert.deepEqual(await model.score({ seq: 0, items: PAIRS }), [0.5, 0.25, 0.125]);
    assert.equal(server.seen[0]!.path, '/predict');
    assert.deepEqual(server.seen[0]!.body, {
      raw_scores: true,
      inputs: [
        ['1+1?', '2'],
        ['1+1?', '3'],
        ['1+1?', '4'],
      ],
    });
  });

  it('sends texts to /predict, and takes the score of the label wherever it stands', async () => {
    const server = await serve(() => [
      [
        { score: 0.75, label: 'good' },
        { score: 0.25, label: 'bad' },
      ],
      [
        { score: 0.875, label: 'bad' },
        { score: 0.125, label: 'good' },
      ],
    ]);
    const template = { pair: '{{ user }}|{{ assistant }}' };
    const model = await openKind('tei', server.url, { input: 'text', label: 'good' }, { template });
    assert.deepEqual(await model.score({ seq: 0, items: PAIRS.slice(0, 2) }), [0.75, 0.125]);
    assert.deepEqual(server.seen[0]!.body, { inputs: [['1+1?|2'], ['1+1?|3']] });
    const unnamed = await openKind('tei', server.url, { input: 'text' }, { template });
    assert.equal(await codeOf(unnamed.score({ seq: 0, items: PAIRS.slice(0, 2) })), 'ERR_MODEL_PROTOCOL');
    const question = [{ user: 'q', assistant: null }];
    assert.equal(await codeOf(model.score({ seq: 0, items: question })), 'ERR_PIPELINE_MODEL');
  });

  it('sends each question once to /rerank, and sorts the ranks back', async () => {
    const server = await serve((body) =>
      (body['texts'] as string[]).map((text, index) => ({ index, score: Number(text) })).toReversed(),
    );
    const model = await openKind('tei', server.url, { input: 'rerank' });
    const items = [...PAIRS, { user: 'other', assistant: '7' }];
    items.splice(1, 0, { user: 'other', assistant: '6' });
    assert.deepEqual(await model.score({ seq: 0, items }), [2, 6, 3, 4, 7]);
    assert.deepEqual(
      server.seen.map(({ path, body }) => [path, body]),
      [
        ['/rerank', { query: '1+1?', texts: ['2', '3', '4'] }],
        ['/rerank', { query: 'other', texts: ['6', '7'] }],
      ],
    );
  });
});

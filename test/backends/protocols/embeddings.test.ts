import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { codeOf, openKind, serve } from '../../helpers/servers/scoreServer.js';

function base64Of(vector: readonly number[]): string {
  return Buffer.from(Float32Array.from(vector).buffer).toString('base64');
}

function embeddingsOf(vectors: readonly unknown[]): object {
  const data = vectors.map((embedding, index) => ({ object: 'embedding', index, embedding }));
  return { object: 'list', data: data.toReversed(), usage: { prompt_tokens: 2 } };
}

describe('openEmbeddings', () => {
  for (const encoding of ['base64', 'float'] as const) {
    it(`gives a vector a text, in their order, from ${encoding}`, async () => {
      const server = await serve((body) => {
        const vectors = (body['input'] as string[]).map((text) => [text.length, 0.5, -2]);
        return embeddingsOf(body['encoding_format'] === 'base64' ? vectors.map(base64Of) : vectors);
      });
      const model = await openKind('embeddings', `${server.url.replace('/v1', '')}`, {
        ...{ encoding, textsPerRequestMax: 2, extra: { dimensions: 3 } },
      });
      assert.deepEqual(await model.embed({ seq: 0, texts: ['a', 'bb', 'ccc'] }), [
        [1, 0.5, -2],
        [2, 0.5, -2],
        [3, 0.5, -2],
      ]);
      assert.deepEqual(server.seen[0]!.body, {
        ...{ dimensions: 3, model: 'rm', input: ['a', 'bb'], encoding_format: encoding },
      });
      assert.equal(server.seen[0]!.path, '/embeddings');
      assert.equal(model.stats().promptTokens, 4);
    });
  }

  const WRONG: [vectors: unknown[], code: string][] = [
    [[[1, 2]], 'ROW_FEWER_CHOICES'],
    [[[1, 2], [1]], 'ROW_SCORE_INVALID'],
    [
      [
        [1, 2],
        [1, null],
      ],
      'ROW_SCORE_INVALID',
    ],
    [[[], []], 'ROW_SCORE_INVALID'],
    [[base64Of([1, 2]), base64Of([1, NaN])], 'ROW_SCORE_INVALID'],
  ];
  for (const [vectors, code] of WRONG) {
    it(`ends with ${code} for ${JSON.stringify(vectors)}`, async () => {
      const server = await serve(() => embeddingsOf(vectors));
      const model = await openKind('embeddings', server.url);
      assert.equal(await codeOf(model.embed({ seq: 0, texts: ['a', 'b'] })), code);
    });
  }
});

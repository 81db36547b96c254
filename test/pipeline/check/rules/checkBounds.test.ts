import { test } from 'node:test';
import { GENERATE, testsOf, withSteps, withTop } from '../../../helpers/texts/checkCases.js';

for (const [name, check] of testsOf([
  [
    'neither target nor limit',
    withTop('name: broken'),
    ['ERR_PIPELINE_BOUND', '1:1', undefined, /found neither `target` nor `limit`/],
  ],
  [
    'target > limit',
    withTop('name: broken', 'limit: 8', 'target: 9'),
    ['ERR_PIPELINE_BOUND', '3:9', 'target', /a target of 9 kept rows of at most 8/],
  ],
  [
    'batchRows > windowRows',
    withTop('name: broken', 'limit: 8', 'source: { windowRows: 16 }'),
    [
      'ERR_PIPELINE_BOUND',
      '3:9',
      'source.batchRows',
      /found 32 rows a batch, expected at most windowRows \(16\)/,
    ],
  ],
  [
    'two sources',
    withTop('name: broken', 'source: { jsonl: { path: a }, parquet: { path: b } }'),
    ['ERR_PIPELINE_BOUND', '2:40', 'source.parquet', /found jsonl and parquet, expected one of them/],
  ],
  [
    'tokensMax as long as the context',
    withSteps('generate: { generators: [{ model: tiny }], tokensMax: 512 }').replace(
      'gguf }',
      'gguf, contextTokens: 512 }',
    ),
    [
      'ERR_PIPELINE_BOUND',
      '5:59',
      'steps.0.generate.tokensMax',
      /512 tokens do not fit into the 512 tokens of context of tiny/,
    ],
  ],
  [
    'more vectors declared than memoryMiB holds',
    withSteps(
      GENERATE,
      'deduplicate: { by: embedding, model: vectors, similarityMin: 0.9, dimensions: 384, memoryMiB: 300 }',
    )
      .replace(/limit: \d+/, 'limit: 1000000')
      .replace(
        'chat: {',
        'vectors: { embeddings: { replicas: ["http://127.0.0.1:9/v1"], model: m } }, chat: {',
      ),
    [
      'ERR_PIPELINE_BOUND',
      '6:99',
      'steps.1.deduplicate.memoryMiB',
      /1,000,000 rows \(limit\) may need 383 MiB here, found 300; raise memoryMiB/,
    ],
  ],
  [
    'more questions declared than memoryMiB holds',
    withSteps(GENERATE, 'deduplicate: { memoryMiB: 8000 }').replace(/limit: \d+/, 'limit: 50000000'),
    [
      'ERR_PIPELINE_BOUND',
      '6:31',
      'steps.1.deduplicate.memoryMiB',
      /50,000,000 rows \(limit\) may need 11921 MiB here, found 8000; raise memoryMiB/,
    ],
  ],
]))
  test(name, check);

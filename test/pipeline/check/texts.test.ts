import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { textsFrom } from '../../../src/pipeline/check/texts.js';
import { PIPELINES_FOLDER, checkText } from '../../helpers/runs/pipelineWorld.js';

/** Mistakes in the files, with their places, and what the identity holds: decontaminate.test. */

const TEXT = `name: leaks
limit: 4
source: { jsonl: { path: x.jsonl } }
steps:
  - decontaminate: { benchmarks: [{ path: a.jsonl }, { path: a.jsonl, column: problem, name: b }] }
  - label: again
    decontaminate: { benchmarks: [{ path: a.jsonl }, { path: /c.parquet }] }
`;

test('each column of each file is read once, from the pipeline file’s folder', async () => {
  const asked: string[] = [];
  const read = async (path: string, column: string): Promise<string[]> => {
    asked.push(`${path} ${column}`);
    return [`${path} ${column}`];
  };
  const plan = await checkText(TEXT, [], { texts: read });
  const a = join(PIPELINES_FOLDER, 'a.jsonl');
  assert.deepEqual(asked, [`${a} question`, `${a} problem`, '/c.parquet question']);
  const texts = textsFrom(plan.texts);
  assert.deepEqual(texts('a.jsonl', 'problem'), [`${a} problem`]);
  assert.deepEqual(texts('/c.parquet', 'question'), ['/c.parquet question']);
  assert.throws(() => texts('a.jsonl', 'answer'), { code: 'ERR_INVARIANT' });
});

test('an error that is no fault of the file goes on as it is', async () => {
  const read = (): never => {
    throw new TypeError('a bug');
  };
  await assert.rejects(checkText(TEXT, [], { texts: read }), TypeError);
});

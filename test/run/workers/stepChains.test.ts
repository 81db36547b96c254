import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seqBatch } from '../../../src/arrow/columns.js';
import { columnValues } from '../../../src/arrow/read.js';
import { ScaleQuestError } from '../../../src/errors.js';
import { applyStepResults } from '../../../src/flow/stepResults/replayStepResults.js';
import { createStepChains } from '../../../src/run/workers/stepChains.js';
import { checkText } from '../../helpers/runs/pipelineWorld.js';
import { type Script, scriptedModel } from '../../helpers/scriptedModel.js';

async function chainsOf(script: Script) {
  const plan = await checkText(
    [
      'name: p',
      'models: { m: { openai: { model: x, replicas: [http://127.0.0.1:1/v1] }, template: qwen2-math } }',
      'limit: 10',
      'steps: [{ generate: { generators: [{ model: m }] } }, { respond: { model: m, n: 1 } }]',
      '',
    ].join('\n'),
  );
  return createStepChains(plan, {
    models: { m: scriptedModel(script, 'm') },
    prompt: () => '{{ question }}',
  });
}

const ANSWERING: Script = {
  complete: ({ message, seq }) => [
    message.kind === 'preQuery' ? `What is ${seq} + ${seq} and more words?` : `\\boxed{${seq}}`,
  ],
};

test('units of any positions pass in any order, many at a time; results tell what each step did', async () => {
  const chains = await chainsOf(ANSWERING);
  const units = [50, 3, 20].map((lo) => ({ first: 0, end: 2, rows: seqBatch(lo, lo + 2) }));
  const results = await Promise.all(units.map((unit) => chains.run(unit)));
  for (const [at, [generated, responded, ...more]] of results.entries()) {
    assert.deepEqual(more, []);
    assert.deepEqual([generated!.rowsIn, responded!.from], [2, [0, 1]]);
    const rows = applyStepResults(units[at]!.rows, [generated!, responded!]);
    const seqs = [...columnValues(rows, 'seq')];
    assert.deepEqual(
      columnValues(rows, 'responses').map((each) => [...(each as string[])]),
      seqs.map((seq) => [`\\boxed{${String(seq)}}`]),
    );
  }
  chains.close();
});

test('a unit that begins behind the first step passes that one untouched', async () => {
  let calls = 0;
  const chains = await chainsOf({
    complete: (request) => {
      calls += 1;
      return ANSWERING.complete!(request);
    },
  });
  const [generated] = await chains.run({ first: 0, end: 1, rows: seqBatch(7, 8) });
  const rows = applyStepResults(seqBatch(7, 8), [generated!]);
  const results = await chains.run({ first: 1, end: 2, rows });
  assert.equal(results.length, 1);
  assert.deepEqual([results[0]!.rowsIn, calls], [1, 2]);
  chains.close();
});

test('what would end a run rejects every open unit, and those that come later', async () => {
  const chains = await chainsOf({
    complete: () => {
      throw new ScaleQuestError('ERR_MODEL_REFUSED', 'wrong key');
    },
  });
  const units = [0, 2].map((lo) => chains.run({ first: 0, end: 2, rows: seqBatch(lo, lo + 2) }));
  for (const unit of units) await assert.rejects(unit, { code: 'ERR_MODEL_REFUSED' });
  await assert.rejects(chains.run({ first: 0, end: 2, rows: seqBatch(4, 6) }), { code: 'ERR_INVARIANT' });
});

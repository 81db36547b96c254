// The code pipelines on a real model: programs that it writes run in a real sandbox, and some pass.
import assert from 'node:assert/strict';
import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { countCodes, engine, root, runAsUser, startModel, userFolder } from './domains.mjs';

const NAME = 'smollm2-135m-instruct';
const SANDBOX = 'models.sandbox={ bubblewrap: { slots: 1 } }';

it('evaluate-code: pass@1 and pass@k of programs that ran in a sandbox', async (t) => {
  const folder = await userFolder(t, 'evaluate-code');
  cpSync(join(root, 'pipelines', 'benchmarks', 'programs.jsonl'), join(folder, 'programs.jsonl'));
  const { kept, report } = await runAsUser(t, {
    folder,
    file: 'evaluate-code.yaml',
    env: { PROBLEMS: 'programs.jsonl' },
    sets: [
      engine('student'),
      SANDBOX,
      'steps.respond.n=4',
      'steps.respond.tokensMax=160',
      'steps.measureAccuracy.ks=[4]',
    ],
    killedAfter: 300,
  });
  t.diagnostic(JSON.stringify(report.figures));
  assert.equal(kept.rows.length, 12, 'every problem is measured');
  const shares = kept.rows.flatMap(({ testShares }) => testShares);
  const faults = kept.rows.flatMap(({ testFaults }) => testFaults);
  assert.equal(shares.length, 48);
  assert.ok(shares.includes(1), 'some programs pass every test');
  assert.ok(
    shares.some((share) => share < 1),
    'and some do not',
  );
  shares.forEach((share, at) => assert.equal(share === 1, faults[at] === '', `${share}: ${faults[at]}`));
  for (const { responses, response, testShares } of kept.rows) {
    assert.equal(
      testShares[responses.indexOf(response)],
      Math.max(...testShares),
      'the best program is kept',
    );
  }
});

it('scalequest-code: a model writes tests, and the program that passes most of them is kept', async (t) => {
  const model = await startModel(t);
  const folder = await userFolder(t, 'scalequest-code');
  const exercises = [
    'Read two integers from standard input, one on each line, and print their sum.',
    'Read an integer n from standard input and print its double.',
    'Read a line of text from standard input and print it in capital letters.',
    'Read an integer n from standard input and print the numbers from 1 to n, one on each line.',
  ];
  const lines = exercises.map((text) => JSON.stringify({ question: `Write a Python program. ${text}` }));
  writeFileSync(join(folder, 'exercises.jsonl'), `${lines.join('\n')}\n`);
  const chat = `{ openai: { replicas: ["${model.url}"], model: ${NAME}, protocol: chat } }`;
  const { kept, lost } = await runAsUser(t, {
    folder,
    model,
    file: 'scalequest-code.yaml',
    env: {},
    sets: [
      // Exercises of one's own: as a generator the model has never seen the paper's tuning.
      'source={ jsonl: { path: exercises.jsonl, columns: { question: string } } }',
      'steps.generate.enabled=false',
      `models.solver=${chat}`,
      ...['models.qwenGenerator', 'models.deepseekGenerator', 'models.reward'].map(
        (name) => `${name}=${chat}`,
      ),
      SANDBOX,
      'limit=4',
      'target=',
      'steps.judgeSolvability.enabled=false',
      'steps.respond.n=4',
      'steps.respond.tokensMax=160',
      'steps.writeTests.tokensMax=160',
      'steps.scoreReward.enabled=false',
      'output.columns=[question, response, responses, inputs, outputs, testShares]',
      'exports={}',
      'train=[]',
    ],
    killedAfter: 3,
  });
  t.diagnostic(JSON.stringify(countCodes(lost.rows)));
  assert.ok(kept.rows.length > 0, 'some tests fit their schema');
  for (const { inputs, outputs, responses, testShares } of kept.rows) {
    assert.ok(inputs.length >= 1 && inputs.length === outputs.length, 'as many outputs as inputs');
    assert.equal(testShares.length, responses.length);
    for (const share of testShares)
      assert.ok(share >= 0 && share <= 1 && Number.isInteger(Math.round(share * inputs.length * 1e6) / 1e6));
  }
});

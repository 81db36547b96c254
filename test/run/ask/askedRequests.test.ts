import assert from 'node:assert/strict';
import { test } from 'node:test';
import { askedRequests } from '../../../src/run/ask/askedRequests.js';
import { readPromptFile } from '../../../src/io/files/packageFiles.js';
import type { PlannedStep } from '../../../src/pipeline/plan.js';
import { type OperatorName, loadOperator } from '../../../src/operators/registry.js';
import { contextOf, runOperator } from '../../helpers/runs/runOperator.js';
import { scriptedModel } from '../../helpers/scriptedModel.js';

async function stepOf(name: OperatorName, input: object, label = name as string): Promise<PlannedStep> {
  const spec = await loadOperator(name);
  return { label, spec, input, parsed: spec.options.parse(input), uses: [] };
}

const QUESTION = 'What is 3 + 4?';
const GENERATE = { generators: [{ model: 'tiny', weight: 2 }, { model: 'other' }], temperature: 0.6 };

function asked(steps: readonly PlannedStep[], more: object = {}) {
  const plan = { steps, models: { tiny: {}, other: {} } as never };
  const common = { plan, model: 'tiny', count: 3, seed: 7, prompt: readPromptFile };
  return askedRequests({ ...common, wanted: { kind: 'generate' }, ...more });
}

test('questions are asked as the step asks for its first rows', async () => {
  const step = await stepOf('generate', GENERATE);
  const model = scriptedModel({ complete: () => ['Why?'] });
  const models = [model, { ...model, name: 'other' }];
  const operator = step.spec.operator(step.input as never, contextOf(models, { seed: 7 }));
  await runOperator(operator, { columns: {}, rows: [{}, {}, {}] });

  const { requests, step: label } = await asked([step]);
  const bySeq = model.completes.toSorted((a, b) => a.seq - b.seq);
  assert.deepEqual([requests, label], [bySeq, 'generate']);
  assert.equal(requests[0]!.temperature, 0.6);
});

test('answers: the prompt and sampling of the step, each with a seed of its own', async () => {
  const step = await stepOf('respond', { model: 'tiny', n: 5, temperature: 0.3, tokensMax: 99 }, 'solve');
  const wanted = { kind: 'respond', question: QUESTION };
  const { requests, step: label } = await asked([step], { wanted });
  assert.equal(label, 'solve');
  assert.equal(new Set(requests.map(({ seed }) => seed)).size, 3);
  for (const { message, n, temperature, topP, tokensMax } of requests) {
    assert.deepEqual([n, temperature, topP, tokensMax], [1, 0.3, 0.95, 99]);
    assert.match(message.kind === 'user' ? message.text : '', /^What is 3 \+ 4\?\n.*boxed/);
  }
});

test('the step of the model is taken before the first of its kind; without one, the defaults', async () => {
  const steps = [
    await stepOf('respond', { model: 'other', tokensMax: 10 }, 'first'),
    await stepOf('respond', { model: 'tiny', tokensMax: 20 }, 'second'),
  ];
  const wanted = { kind: 'respond', question: QUESTION };
  const own = await asked(steps, { wanted });
  assert.deepEqual([own.step, own.requests[0]!.tokensMax], ['second', 20]);
  const others = await asked(steps.slice(0, 1), { wanted });
  assert.deepEqual([others.step, others.requests[0]!.tokensMax], ['first', 10]);
  const none = await asked([], { wanted });
  assert.deepEqual([none.step, none.requests[0]!.tokensMax], [null, 2048]);
});

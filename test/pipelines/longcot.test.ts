import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { columnValues } from '../../src/arrow/read.js';
import type { CompleteRequest, Model } from '../../src/backends/model.js';
import { openModel } from '../../src/backends/openModel.js';
import { checkFile } from '../../src/pipeline/check/check.js';
import { sendJson, startFaultServer } from '../helpers/servers/faultServer.js';
import { PIPELINES_FOLDER, checkDeps, overridesOf, runInMemory } from '../helpers/runs/pipelineWorld.js';
import { messageText, scriptedModel } from '../helpers/scriptedModel.js';

/** What the model writes to a question, choice by choice: a chain and an answer, or null for an answer that never came. */
function chainsFor(question: string): { thought: string; answer: string | null }[] {
  const number = Number(/\d+/.exec(question)?.[0] ?? 0);
  return [0, 1, 2, 3].map((at) => ({
    thought: `Let me see: ${number} and ${at}.\n\nIs it \\boxed{99}? No.`,
    answer: (number + at) % 4 === 3 ? null : `It is \\boxed{${number + (at % 2)}}.`,
  }));
}

/** How servers give the same tokens: text or message of a choice. */
const FORMS = {
  // The template has opened the thought, and no parser takes it out.
  plain: (thought: string, answer: string | null) => ({
    content: answer === null ? thought : `${thought}\n</think>\n\n${answer}`,
  }),
  // vLLM with --reasoning-parser deepseek_r1; what is cut within its thought is all thought.
  parsed: (thought: string, answer: string | null) => ({
    content: answer === null ? null : `\n\n${answer}`,
    reasoning: answer === null ? thought : `${thought}\n`,
  }),
  // Before 0.12, and SGLang.
  older: (thought: string, answer: string | null) => ({
    content: answer === null ? null : answer,
    reasoning_content: thought,
  }),
};

async function rowsFrom(t: TestContext, form: keyof typeof FORMS): Promise<Record<string, unknown>[]> {
  const server = await startFaultServer(({ body }, response) => {
    const [{ content }] = body['messages'] as [{ content: string }];
    const choices = chainsFor(content).map(({ thought, answer }, index) => ({
      ...{ index, message: { role: 'assistant', ...FORMS[form](thought, answer) } },
      finish_reason: answer === null ? 'length' : 'stop',
    }));
    sendJson(response, 200, { choices, usage: { prompt_tokens: 9, completion_tokens: 400 } });
  });
  t.after(() => server.stop());
  const reasoner = { replicas: [server.url], model: 'r1', protocol: 'chat' as const };
  const model = await openModel('reasoner', { openai: reasoner }, { env: {}, folder: '.' });
  t.after(() => model.close());

  const asked = ({ seed }: CompleteRequest) => seed % 97;
  const generator = scriptedModel(
    { complete: ({ seq }) => [`Ann has ${seq * 3} apples. How many has she ${'so '.repeat(seq)}now?`] },
    'generator',
  );
  const judge = scriptedModel({
    // It says Yes to every question, and answers each in many ways.
    complete: (request) =>
      Array.from({ length: request.n }, (_, at) =>
        /Yes/.test(messageText(request)) ? 'Yes' : `It is \\boxed{${asked(request) + at}}.`,
      ),
    choose: (request) => (messageText(request).includes('99') ? [0, 1] : [0.75, 0.25]),
  });
  const models: Record<string, Model> = { generator, judge, reasoner: model };
  const overrides = overridesOf(
    'target=4',
    'source.windowRows=8',
    'source.batchRows=4',
    'steps.deduplicate.similarityMin=null',
  );
  const plan = await checkFile(join(PIPELINES_FOLDER, 'scalequest-longcot.yaml'), checkDeps(), overrides);
  const { batches } = await runInMemory(plan, models);
  return batches.flatMap((batch) => {
    const columns = plan.columns.map(({ name }) => [name, columnValues(batch, name)] as const);
    return Array.from({ length: batch.numRows }, (_, at) =>
      Object.fromEntries(columns.map(([name, values]) => [name, values[at]])),
    );
  });
}

test('scalequest-longcot.yaml keeps its chains behind a reasoning parser and without one: the same rows', async (t) => {
  const plain = await rowsFrom(t, 'plain');
  assert.equal(plain.length, 4);
  for (const { response } of plain) {
    assert.match(
      response as string,
      /^<think>\nLet me see: [^]*Is it \\boxed\{99\}\? No\.\n<\/think>\n\nIt is \\boxed\{\d+\}\.$/,
    );
  }
  // The judge was shown no chain.
  assert.deepEqual(new Set(plain.map(({ reward }) => reward)), new Set([0.75]));
  assert.deepEqual(await rowsFrom(t, 'parsed'), plain);
  assert.deepEqual(await rowsFrom(t, 'older'), plain);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ColumnValue } from '../../../src/arrow/columnType.js';
import { seqBatch } from '../../../src/arrow/columns.js';
import { promptFrom } from '../../../src/pipeline/check/checkDeps.js';
import { previewPlan, printTraces } from '../../../src/run/stream/previewPlan.js';
import { checkDeps, checkText } from '../../helpers/runs/pipelineWorld.js';
import { type Script, scriptedModel } from '../../helpers/scriptedModel.js';

const TEXT = `name: sound
target: 500
models: { tiny: { llamaCpp: { path: ../models/tiny.gguf } } }
steps:
  - generate: { generators: [{ model: tiny }], tokensMax: 64 }
  - deduplicate: {}
  - respond: { model: tiny, n: 2, tokensMax: 64 }
  - scoreReward: { model: tiny }
`;

const QUESTIONS = ['Why?', 'why', '', 'How\nmany?'];

const SCRIPT: Script = {
  complete: ({ seq, message }) =>
    message.kind === 'preQuery' ? [QUESTIONS[seq]!] : ['first\nline', { text: 'second' }],
  choose: () => [0.25, 0.75],
};

async function preview(rows: number, signal?: AbortSignal) {
  const plan = await checkText(TEXT);
  const traces = await previewPlan(plan, rows, {
    models: { tiny: scriptedModel(SCRIPT) },
    prompt: promptFrom(plan.folder, checkDeps()),
    read: (lo, rowsMax) => seqBatch(lo, lo + rowsMax),
    ...(signal ? { signal } : {}),
  });
  return {
    traces,
    text: printTraces(
      traces,
      plan.steps.map(({ label }) => label),
    ),
  };
}

test('each row shows what every step did to it, up to the one that it did not survive', async () => {
  const { traces } = await preview(4);
  assert.deepEqual(
    traces.map(({ seq, effects }) => [seq, ...effects.map(({ step, kind }) => `${step} ${kind}`)]),
    [
      [0, 'generate kept', 'deduplicate kept', 'respond kept', 'scoreReward kept'],
      [1, 'generate kept', 'deduplicate dropped'],
      [2, 'generate rejected'],
      [3, 'generate kept', 'deduplicate kept', 'respond kept', 'scoreReward kept'],
    ],
  );
  assert.deepEqual(traces[0]!.effects[0], {
    step: 'generate',
    kind: 'kept',
    values: { question: 'Why?', generator: 'tiny' },
  });
  assert.deepEqual(traces[0]!.effects[3], {
    step: 'scoreReward',
    kind: 'kept',
    values: { rewards: [0.25, 0.25] },
  });
});

test('it takes the rows asked for and no more, whatever the target', async () => {
  assert.equal((await preview(1)).traces.length, 1);
});

test('printed: values stand under each other, long ones indented', async () => {
  const { text } = await preview(4);
  assert.ok(
    text.startsWith(
      [
        'row 0',
        '  generate     question: Why?',
        '               generator: tiny',
        '  deduplicate  kept',
        '  respond      responses: [0] first',
        '                          line',
        '                          [1] second',
        '  scoreReward  rewards: 0.2500, 0.2500',
        '',
        'row 1',
        '  generate     question: why',
        '               generator: tiny',
        '  deduplicate  dropped: duplicate',
        '',
        'row 2',
        '  generate     rejected: ROW_EMPTY (the completion is empty;',
      ].join('\n'),
    ),
    text,
  );
  assert.match(text, / {2}generate {5}question: How\n {25}many\?\n/);
});

test('it can be cancelled', async () => {
  await assert.rejects(preview(4, AbortSignal.abort()), { code: 'ERR_CANCELLED' });
});

test('a value that a step leaves as it was is not printed again', () => {
  const kept = (step: string, values: Record<string, ColumnValue>) => ({
    step,
    kind: 'kept' as const,
    values,
  });
  const effects = [
    kept('respond', { responses: ['a', 'b'] }),
    kept('filterAnswered', { responses: ['a', 'b'] }),
    kept('again', { responses: ['a'] }),
  ];
  const text = printTraces([{ seq: 0, effects }], ['respond', 'filterAnswered', 'again']);
  assert.deepEqual(text.split('\n'), [
    'row 0',
    '  respond         responses: [0] a',
    '                             [1] b',
    '  filterAnswered  kept',
    '  again           responses: [0] a',
  ]);
});

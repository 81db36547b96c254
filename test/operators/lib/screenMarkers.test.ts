import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildRows } from '../../../src/arrow/build.js';
import { SEQ_COLUMN } from '../../../src/arrow/columnType.js';
import { screenMarkers } from '../../../src/operators/lib/screenMarkers.js';

const QUESTION = { name: 'question', type: 'string', help: 'A question.', nullable: true } as const;
const STEPS = { name: 'steps', type: 'list<string>', help: 'Steps.', nullable: true } as const;

function rowsOf(questions: (string | null)[], steps: (string[] | null)[]) {
  const columns = [SEQ_COLUMN, QUESTION, STEPS];
  return buildRows(columns, [questions.map((_, at) => at), questions, steps], questions.length);
}

test('rows without a marker pass at once', () => {
  assert.equal(screenMarkers(rowsOf(['2+2?', null, '<|x|>'], [[], null, ['<s>1</s>']])), null);
});

test('a marker in any text or list of texts rejects its row alone, and names the column', () => {
  const outcomes = screenMarkers(
    rowsOf(['2+2?', '2<|eot_id|>', '3', '[INST] 4'], [[], [], ['a', 'b<end_of_turn>'], ['</s>']]),
  )!;
  assert.deepEqual(
    outcomes.map(
      (outcome) =>
        outcome && (outcome as { message: string }).message.match(/column "(\w+)" holds "(.+)",/)!.slice(1),
    ),
    [null, ['question', '<|eot_id|>'], ['steps', '<end_of_turn>'], ['question', '[INST]']],
  );
  for (const outcome of outcomes.slice(1))
    assert.deepEqual([outcome!.kind, (outcome as { reason: string }).reason], ['rejected', 'ROW_MARKER']);
});

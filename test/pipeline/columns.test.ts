import assert from 'node:assert/strict';
import { test } from 'node:test';
import { columnsAfter, sourceColumns } from '../../src/pipeline/columns.js';
import { checkText } from '../helpers/runs/pipelineWorld.js';

const TEXT = `name: columns
target: 5
models:
  server: { openai: { replicas: ["http://127.0.0.1:9/v1"], model: m } }
source: { jsonl: { path: rows.jsonl, columns: { question: string, weight: float64 } } }
steps:
  - respond: { model: server, n: 2 }
`;

test('a column written again stays where it was', async () => {
  const { steps } = await checkText(TEXT);
  const before = [
    { name: 'responses', type: 'string', help: 'old' },
    { name: 'x', type: 'bool', help: '' },
  ] as const;
  const after = columnsAfter(before, steps[0]!);
  assert.deepEqual(
    after.map(({ name, type }) => `${name} ${type}`),
    ['responses list<string>', 'x bool'],
  );
});

test('a source gives the position, and the columns that it declares', async () => {
  const { settings } = await checkText(TEXT);
  assert.deepEqual(
    sourceColumns(settings.source).map(({ name, type, nullable }) => [name, type, nullable]),
    [
      ['seq', 'int32', undefined],
      ['question', 'string', true],
      ['weight', 'float64', true],
    ],
  );
  const { jsonl: _, ...none } = settings.source;
  assert.deepEqual(
    sourceColumns(none).map(({ name }) => name),
    ['seq'],
  );
});

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../helpers/commandLine.js';
import { checkText, problemsOf } from '../helpers/pipelineWorld.js';

function pipelineOver(rows: string): string {
  const path = join(temporaryFolder(), 'rows.jsonl');
  writeFileSync(path, rows);
  return `name: graded
source: { jsonl: { path: ${path}, columns: { question: string, answer: string } } }
steps:
  - deduplicate: {}
`;
}

test('a column that no row has is found before the run, with what there is', async () => {
  const rows = '{"question": "1 + 1?", "anwser": "2"}\n{"question": "1 + 2?"}\n';
  const [problem] = await problemsOf(pipelineOver(rows));
  assert.equal(problem!.code, 'ERR_DATA_INVALID');
  assert.match(
    problem!.message,
    /:2:\d+ source\.jsonl\.columns\.answer: none of the first 2 rows of .* has a key "answer"/,
  );
  assert.match(problem!.message, /anwser/);
});

test('a column that only some rows have is theirs to miss', async () => {
  await checkText(pipelineOver('{"question": "1 + 1?", "answer": "2"}\n{"question": "1 + 2?"}\n'));
});

test('a file without a row, or of something else, is the reader’s to refuse', async () => {
  for (const rows of ['', '\n', 'not json\n']) await checkText(pipelineOver(rows));
});

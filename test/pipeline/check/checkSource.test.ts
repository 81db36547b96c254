import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../../helpers/commandLine.js';
import { checkText, problemsOf } from '../../helpers/pipelineWorld.js';

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
    /:2:\d+ source\.jsonl\.columns\.answer: none of the first 2 rows of .* has a column "answer"/,
  );
  assert.match(problem!.message, /anwser/);
});

test('a column of another name is asked for by that, once, and among those that are read', async () => {
  const rows = '{"problem": "1 + 1?", "answer": "2"}\n';
  const reading = (from: string): string =>
    pipelineOver(rows).replace('answer: string }', `answer: string }, from: ${from}`);
  const told = async (from: string): Promise<string> => (await problemsOf(reading(from)))[0]!.message;
  await checkText(reading('{ question: problem }'));
  assert.match(await told('{ question: porblem }'), /has a column "porblem"; did you mean "problem"/);
  assert.match(
    await told('{ text: problem }'),
    /from\.text: .*expected one of the columns .*question, answer/,
  );
  assert.match(await told('{ question: answer }'), /expected each column of the file once/);
});

test('a column that only some rows have is theirs to miss', async () => {
  await checkText(pipelineOver('{"question": "1 + 1?", "answer": "2"}\n{"question": "1 + 2?"}\n'));
});

test('a file without a row, or of something else, is the reader’s to refuse', async () => {
  for (const rows of ['', '\n', 'not json\n']) await checkText(pipelineOver(rows));
});

test('files of rows that are not there are found before the run, each where it stands; a folder may be one', async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'rows.jsonl'), '{"question": "1?"}\n');
  const withSource = (source: string): string =>
    `name: rows\nsource: ${source}\nsteps: [{ deduplicate: {} }]\n`;
  const isPending = (path: string): boolean => path.endsWith('later.jsonl');
  const found = async (source: string): Promise<string[]> =>
    (await problemsOf(withSource(source), { isPending })).map(({ code, message }) => `${code} ${message}`);
  const [one] = await found('{ jsonl: { path: gone.jsonl } }');
  assert.match(
    one!,
    /^ERR_IO_READ .*test\.yaml:2:\d+ source\.jsonl\.path: found nothing at .*pipelines\/gone\.jsonl; expected a file of rows/,
  );
  const several = await found(`{ parquet: { path: [${folder}, gone, ${folder}/none] } }`);
  assert.match(several[0]!, /source\.parquet\.path\.1: found nothing at .*\/gone;/);
  assert.match(several[1]!, /source\.parquet\.path\.2: found nothing at .*\/none;/);
  assert.match(several[2]!, /source\.parquet\.path: .* holds no \.parquet or \.pq file; found rows\.jsonl/);
  assert.equal(several.length, 3);
  await checkText(withSource(`{ jsonl: { path: [${folder}/rows.jsonl, later.jsonl] } }`), [], { isPending });
});

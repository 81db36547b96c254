import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { temporaryFolder } from '../../../helpers/commandLine.js';
import { checkDeps, checkText, problemsOf } from '../../../helpers/runs/pipelineWorld.js';
import { FIXTURES } from '../../../helpers/files/parquetFixtures.js';

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

test('a file of something else is found before the run, with its line; one without a row where rows are needed', async () => {
  const [problem] = await problemsOf(pipelineOver('{"question": "1?", "answer": "1"}\nnot json\n'));
  assert.match(
    problem!.message,
    /test\.yaml:2:\d+ source\.jsonl\.path: \S+rows\.jsonl:2: found "not json", expected one JSON object a line/,
  );
  const [typed] = await problemsOf(pipelineOver('{"question": ["1?"], "answer": "1"}\n'));
  assert.match(typed!.message, /source\.jsonl\.columns\.question: .*rows\.jsonl:1: column "question", row 0/);
  for (const rows of ['', '\n']) {
    await checkText(pipelineOver(rows));
    const [empty] = await problemsOf(pipelineOver(rows), { needsRows: true });
    assert.match(
      empty!.message,
      /source\.jsonl\.path: found no row in \S+rows\.jsonl, expected at least one/,
    );
  }
});

/** A source over files of a folder, by name and contents. */
function sourceOver(format: string, files: Readonly<Record<string, string | Uint8Array>>): string {
  const folder = temporaryFolder();
  for (const [name, contents] of Object.entries(files)) writeFileSync(join(folder, name), contents);
  const columns = '{ question: string, answer: string }';
  return `name: heads\nsource: { ${format}: { path: ${folder}, columns: ${columns} } }\nsteps: [{ deduplicate: {} }]\n`;
}

async function messagesOf(format: string, files: Readonly<Record<string, string | Uint8Array>>) {
  return (await problemsOf(sourceOver(format, files), { needsRows: true })).map(({ message }) => message);
}

test('the head of every file is read: a later one may be damaged, of another kind, or lack what its header must have', async () => {
  const good = 'question,answer\n1?,1\n';
  const [lacks] = await messagesOf('csv', { 'a.csv': good, 'b.csv': 'question,anwser\n1?,1\n' });
  assert.match(lacks!, /csv\.columns\.answer: \S+b\.csv has no column "answer"; did you mean "anwser"/);
  const [twice] = await messagesOf('csv', { 'a.csv': good, 'b.csv': 'question,answer,answer\n1?,1,2\n' });
  assert.match(twice!, /csv\.columns\.answer: \S+b\.csv:1: found the column "answer" more than once/);
  const [cut] = await messagesOf('csv', { 'a.csv': good, 'b.csv.gz': gzipSync(good).subarray(0, 25) });
  assert.match(cut!, /csv\.path: \S+b\.csv\.gz: expected a whole gzip file/);
  const rows = '{"question":"1?","answer":"1"}\n';
  const [parquet] = await messagesOf('jsonl', { 'a.jsonl': rows, 'b.jsonl': 'PAR1…PAR1' });
  assert.match(
    parquet!,
    /b\.jsonl: found a Parquet file, expected a text file\. Name it under `source\.parquet`/,
  );
  const other = await messagesOf('jsonl', { 'a.jsonl': rows, 'b.jsonl': '{"prompt":"1?"}\n' });
  assert.equal(other.length, 2);
  assert.match(
    other[0]!,
    /columns\.question: none of the first 1 rows of \S+b\.jsonl has a column "question"/,
  );
  // A column may be missing where rows name their own, and a file among others be empty.
  for (const b of ['{"question":"2?"}\n', ''])
    await checkText(sourceOver('jsonl', { 'a.jsonl': rows, 'b.jsonl': b }), [], { needsRows: true });
  const none = await messagesOf('csv', { 'a.csv': 'question,answer\n', 'b.csv': '' });
  assert.match(none[0]!, /found no row in \S+a\.csv and 1 more/);
});

test('the footer of a Parquet file is read: no file of another kind, no lacking column, no wrong type gets by', async () => {
  const fixture = (name: string): Buffer => readFileSync(join(FIXTURES, name));
  const parquet = (bytes: Uint8Array): Promise<string[]> => messagesOf('parquet', { 'a.parquet': bytes });
  assert.match((await parquet(Buffer.of()))[0]!, /source\.parquet\.path: \S+a\.parquet: found no byte/);
  assert.match(
    (await parquet(Buffer.from('{"question":"1?"}\n'.repeat(9))))[0]!,
    /found a file that begins with "\{.*, expected a Parquet file\. Text belongs under `source\.jsonl`/,
  );
  const scalars = fixture('scalars.parquet');
  assert.match((await parquet(scalars.subarray(0, -9)))[0]!, /expected a whole Parquet file: .*cut off/);
  assert.match(
    (await parquet(scalars))[0]!,
    /columns\.question: \S+a\.parquet has no column "question"; expected one of/,
  );
  const typed = sourceOver('parquet', { 'a.parquet': fixture('nested.parquet') });
  const [problem] = await problemsOf(typed.replace('question: string, answer: string', 'ints: bool'));
  assert.match(problem!.message, /source\.parquet\.columns\.ints: /);
});

test('of more than a thousand files, the first and the last are among those whose heads are read', async () => {
  const files = Object.fromEntries(
    Array.from({ length: 1100 }, (_, at) => [
      `${String(at).padStart(5, '0')}.jsonl`,
      '{"question":"1?","answer":"1"}\n',
    ]),
  );
  const text = sourceOver('jsonl', files);
  const read: string[] = [];
  const { sourceHead } = checkDeps();
  await checkText(text, [], {
    sourceHead: (named, request) => {
      read.push(request.file);
      return sourceHead(named, request);
    },
  });
  assert.equal(new Set(read).size, 1000);
  assert.match(read[0]!, /00000\.jsonl$/);
  assert.match(read.at(-1)!, /01099\.jsonl$/);
});

test('endings in capitals are those of the format', async () => {
  const rows = '{"question":"1?","answer":"1"}\n';
  const plan = await checkText(sourceOver('jsonl', { 'A.JSONL': rows, 'B.Ndjson.GZ': gzipSync(rows) }));
  assert.deepEqual(plan.leftOut, []);
});

test('paths that other tools take are told from misspelt ones', async () => {
  const found = async (path: string): Promise<string> =>
    (
      await problemsOf(`name: a\nsource: { jsonl: { path: "${path}" } }\nsteps: [{ deduplicate: {} }]\n`, {
        isPending: () => false,
      })
    )[0]!.message;
  assert.match(
    await found('https://example.org/a.jsonl'),
    /found nothing at https:\/\/example\.org\/a\.jsonl; .*fetch the file first/,
  );
  assert.match(await found('hf://datasets/a/b'), /fetch it first \(`hf download/);
  assert.match(await found('s3://bucket/a.jsonl'), /aws s3 cp/);
  assert.match(await found('~/a.jsonl'), /`~` is a shell’s word/);
  assert.match(await found('gone.jsonl'), /expected a file of rows or a folder of them/);
});

test('what an earlier link of a chain writes again is not judged by what is there', async () => {
  await checkText(pipelineOver('{"other": 1}\n'), [], { isPending: () => true });
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

test('a table without names is told from one whose names are another encoding’s, and from a line without end', async () => {
  const [empty] = await problemsOf(sourceOver('csv', { 'a.csv': '' }), { needsRows: false });
  assert.match(empty!.message, /a\.csv is empty, expected a header with the column "question"/);
  const wide = Buffer.from('question,answer\n1?,1\n', 'utf16le').swap16();
  const [silent] = await messagesOf('csv', { 'a.csv': wide });
  assert.match(silent!, /hold NUL bytes.*utf-16be/);
  const [long] = await messagesOf('csv', { 'a.csv': `question${'x'.repeat(3_000_000)},answer\n1?,1\n` });
  assert.match(long!, /has no column "question"\. Its header does not end within \d+ characters/);
});

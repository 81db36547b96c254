import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { columnValues } from '../../src/arrow/read.js';
import { checkFile } from '../../src/pipeline/check/check.js';
import { PIPELINES_FOLDER, checkDeps, overridesOf, runInMemory } from '../helpers/runs/pipelineWorld.js';
import { lacksSandbox, openSandbox } from '../helpers/sandbox.js';
import { messageText, scriptedModel } from '../helpers/scriptedModel.js';

/** Tables with a text that must come to Python as it is, and what SQLite says of a query on them. */
const TABLES = `CREATE TABLE books (id INTEGER PRIMARY KEY, title TEXT DEFAULT 'a "b" \\ é 😀');
CREATE TABLE loans (id INTEGER PRIMARY KEY, book_id INTEGER REFERENCES books (id));`;

const QUERIES = [
  'SELECT title FROM books WHERE id = 1',
  'SELECT author FROM books',
  'WITH late AS (SELECT book_id FROM loans) SELECT count(*) FROM late',
  'DELETE FROM loans WHERE id = 3',
  'SELEC title FROM books',
];

/** What the writer says when it is asked for tables, by row: the last one has one table. */
function tablesOf(seq: number): string {
  if (seq === QUERIES.length) return TABLES.split('\n')[0]!;
  return seq === 0 ? TABLES : `Here they are:\n\`\`\`sql\n${TABLES}\n\`\`\`\nThey are joined by book_id.`;
}

const writer = scriptedModel({
  complete: (request) => {
    if (!messageText(request).includes('Reply with JSON')) return [tablesOf(request.seq)];
    const question = `Which books are wanted by reader number ${'x'.repeat(3 * request.seq)}?`;
    return [JSON.stringify({ question, query: QUERIES[request.seq], explanation: 'It looks them up.' })];
  },
});

const judge = scriptedModel({ complete: () => ['It does. Yes'] });

test('sql.yaml: SQLite runs each query on its tables, and what it refuses is lost', async (t) => {
  const lack = await lacksSandbox();
  if (lack) return t.skip(lack);
  const plan = await checkFile(
    join(PIPELINES_FOLDER, 'sql.yaml'),
    checkDeps(),
    overridesOf(`limit=${QUERIES.length + 1}`, 'target=2', 'steps.deduplicate.enabled=false'),
  );
  const sandbox = await openSandbox();
  try {
    const { totals, batches } = await runInMemory(plan, { writer, judge, sandbox });
    const read = (name: string): unknown[] => batches.flatMap((batch) => columnValues(batch, name));
    assert.deepEqual(read('query'), [QUERIES[0], QUERIES[2]]);
    assert.deepEqual(read('schema'), [TABLES, TABLES], 'without fence and words');
    // What the writer is asked about are the tables alone.
    const asked = writer.completes.map(messageText).filter((text) => text.includes('Reply with JSON'));
    assert.ok(asked.every((text) => text.includes(TABLES) && !text.includes('Here they are')));
    assert.ok(totals.kept === 2);
  } finally {
    await sandbox.close();
  }
});

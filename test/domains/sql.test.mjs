// sql.yaml on a real model: its columns are typed by the JSON Schema, and a SQL engine of this test's own runs what was kept.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { it } from 'node:test';
import { countCodes, engine, runAsUser, userFolder } from './domains.mjs';

/** Runs each query on its tables, made anew, and says which run: Python's sqlite3, outside any sandbox, read only. */
const RUN = `
import json, sqlite3, sys
def runs(schema, query):
    database = sqlite3.connect(":memory:")
    try:
        database.executescript(schema)
        database.execute("PRAGMA query_only = ON")
        return database.execute(query).description is not None
    except sqlite3.Error:
        return False
print(json.dumps([runs(row["schema"], row["query"]) for row in json.load(sys.stdin)]))
`;

function executes(rows) {
  const pairs = rows.map(({ schema, query }) => ({ schema, query }));
  const { stdout, stderr } = spawnSync(process.env.SCALEQUEST_PYTHON, ['-c', RUN], {
    input: JSON.stringify(pairs),
    encoding: 'utf8',
  });
  assert.ok(stdout, stderr);
  return JSON.parse(stdout);
}

it('sql: queries of which SQLite runs every kept one', async (t) => {
  const folder = await userFolder(t, 'sql', 'schemas.jsonl');
  const { kept, lost, report } = await runAsUser(t, {
    folder,
    file: 'sql.yaml',
    env: {},
    sets: [
      ...['writer', 'judge'].map(engine),
      'limit=24',
      'target=',
      'models.sandbox={ bubblewrap: { slots: 1 } }',
      // A model of 135 M parameters writes no tables that fit together, so it gets some, as a user with a database of their own does.
      'steps.tables.enabled=false',
      'steps.takeTables.enabled=false',
      'steps.sample.tables=[{ path: schemas.jsonl, columns: { schema: string } }]',
      'steps.sample.columns.level={ list: [easy] }',
      'steps.sample.columns.feature={ list: [a condition, sorting with a limit, a count] }',
      'steps.query.tokensMax=256',
      'steps.query.temperature=0.3',
      // As a judge it says No to everything, so that only how sure it is tells anything.
      'steps.answersIt.method=probability',
      'steps.answersIt.yesMin=0.05',
    ],
    killedAfter: 300,
  });

  assert.deepEqual(
    ['schema', 'question', 'query', 'explanation'].map((name) => kept.types[name]),
    Array(4).fill('UTF8'),
  );
  assert.ok(kept.rows.length > 0, 'the model writes some queries that run');
  for (const { question, query, explanation } of kept.rows) {
    assert.ok(question.length >= 15, `${question}: ${query}`);
    assert.equal(typeof explanation, 'string');
  }
  assert.ok(executes(kept.rows).every(Boolean), 'SQLite runs every kept query');
  const codes = countCodes(lost.rows);
  t.diagnostic(JSON.stringify(codes));
  const { kept: run, rowsIn: asked } = report.funnel.find(({ step }) => step === 'runQuery');
  t.diagnostic(`SQLite runs ${run} of ${asked} queries`);
  assert.equal(codes['runQuery testsFailed'] ?? 0, asked - run);
  assert.ok(run < asked, 'SQLite refuses some: else the step would show nothing here');
});

// Makes a program of tables and a query, as a step of one's own (docs/custom.md). A sandbox runs it with the step `runTests`: SQLite, which comes
// with Python, says whether the tables can be made and the query runs on them. See sql.yaml.
//
//   operators: [./operators/sqlProgram.mjs]
//   steps:
//     - sqlProgram: {}
//     - runTests: { sandbox: sandbox, of: response, shareMin: 1 }

/** A text as Python writes one: what JSON escapes, Python reads alike. */
const text = (value) => JSON.stringify(value);

function program(schema, query) {
  return `import sqlite3

SCHEMA = ${text(schema)}
QUERY = ${text(query)}

def made():
    database = sqlite3.connect(":memory:")
    database.executescript(SCHEMA)
    return database

def tables():
    return [name for (name,) in made().execute("SELECT name FROM sqlite_master WHERE type = 'table'")]

def columns():
    # Statements that give no rows have no columns.
    return [column[0] for column in made().execute(QUERY).description or ()]
`;
}

/** @type {import('scalequest').OperatorDefinition} */
export default {
  name: 'sqlProgram',
  summary: 'Makes a program that runs a query on empty tables, and tests of it.',
  reads: { schema: 'string', query: 'string' },
  writes: [
    { name: 'response', type: 'string', help: 'The program, in Python.' },
    { name: 'tests', type: 'list<string>', help: 'The tables can be made; the query runs on them.' },
  ],

  row({ schema, query }) {
    return {
      response: `\`\`\`python\n${program(schema, query)}\`\`\``,
      tests: ['assert tables()', 'assert columns()'],
    };
  },
};

// Takes the SQL out of a reply (docs/custom.md): models that are asked for nothing but SQL put it into a fence all the
// same, with words around it. See sql.yaml.
//
//   operators: [./operators/takeSql.mjs]
//   steps:
//     - takeSql: { tablesMin: 2 }

/** The text of the first fenced block, or all of it where there is none. */
function unfenced(reply) {
  const open = reply.indexOf('```');
  if (open < 0) return reply;
  const start = reply.indexOf('\n', open) + 1;
  const end = start === 0 ? -1 : reply.indexOf('```', start);
  return end < 0 ? '' : reply.slice(start, end);
}

/** @type {import('scalequest').OperatorDefinition} */
export default {
  name: 'takeSql',
  summary: 'Takes the tables out of a reply.',
  options: {
    type: 'object',
    properties: {
      tablesMin: {
        type: 'integer',
        minimum: 1,
        default: 2,
        description: 'Fewest tables of a reply that is kept.',
      },
    },
    additionalProperties: false,
  },
  example: { tablesMin: 2 },
  reads: { schema: 'string' },
  writes: [{ name: 'schema', type: 'string', help: 'The statements alone, without fence and words.' }],
  drops: { noTables: 'the reply has fewer CREATE TABLE than `tablesMin`' },

  row({ schema }, { options, drop }) {
    const statements = unfenced(schema).trim();
    const tables = statements.match(/\bcreate\s+table\b/gi) ?? [];
    return tables.length < options.tablesMin ? drop('noTables') : { schema: statements };
  },
};
